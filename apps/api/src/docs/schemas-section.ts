import { jsonBlock } from "./code-block.js";
import { type Html, html } from "./html.js";
import { markdown } from "./markdown.js";
import type { ContentsGroup } from "./page.js";
import { type Schemas, schemaExample } from "./schema-example.js";
import { schemaView } from "./schema-view.js";

/** The named schemas of a document, one card each. */
export function schemasSection(schemas: Schemas): Html {
  const cards = Object.entries(schemas).map(
    ([name, schema]) => html`<details class="card" id="schema-${name}" data-search="${name.toLowerCase()}">
<summary><span class="title">${name}</span></summary>
<div class="card-body">${schema.description && markdown(schema.description)}${schemaView(schema)}
${jsonBlock("Example", schemaExample(schema, schemas))}</div>
</details>`,
  );
  return html`<section><h2 id="schemas">Schemas</h2>${cards}</section>`;
}

export function schemasContents(schemas: Schemas): ContentsGroup {
  return {
    title: "Schemas",
    entries: Object.keys(schemas).map((name) => ({ anchor: `schema-${name}`, label: name })),
  };
}
