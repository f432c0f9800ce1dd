import type { JsonSchema } from "@parley/contracts";
import { type Html, html } from "./html.js";
import { inlineMarkdown, markdown } from "./markdown.js";
import { referenceName } from "./schema-example.js";

/** A schema for a reader: its type, and for objects the list of fields. */
export function schemaView(schema: JsonSchema): Html {
  const inner = innerView(schema);
  if (inner !== undefined && schema.type === "object") return inner;
  return html`<p class="type-line">${typeText(schema)}</p>${inner}`;
}

/** The type in a few words, with links to the named ones. */
export function typeText(schema: JsonSchema): Html {
  if (schema.$ref !== undefined) {
    const name = referenceName(schema.$ref);
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  if (schema.const !== undefined) return html`<code>${JSON.stringify(schema.const)}</code>`;
  if (schema.enum)
    return joined(
      schema.enum.map((value) => html`<code>${String(value)}</code>`),
      " | ",
    );
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices)
    return joined(
      [...new Map(choices.map((choice) => [typeText(choice).markup, typeText(choice)])).values()],
      " or ",
    );
  if (schema.items) return html`array of ${typeText(schema.items)}`;
  if (Array.isArray(schema.type)) return html`${schema.type.join(" or ")}`;
  return html`${schema.type ?? "anything"}${schema.format && ` (${schema.format})`}`;
}

/** The limits of a value, in words. */
function limitsText(schema: JsonSchema): string {
  const limits = [
    range([schema.minLength, schema.maxLength], "character"),
    range([schema.minItems, schema.maxItems], "item"),
    typeof schema.minimum === "number" && `at least ${schema.minimum}`,
    schema.default !== undefined && `default ${JSON.stringify(schema.default)}`,
  ];
  return limits.filter(Boolean).join(", ");
}

/** One row of a list of fields or parameters. */
export function fieldRow({
  name,
  schema,
  required,
}: {
  name: string;
  schema: JsonSchema;
  required: boolean;
}): Html {
  const limits = limitsText(schema);
  return html`<li><div class="field"><code class="name">${name}</code> <span class="type">${typeText(schema)}</span>
${required && html`<span class="required">required</span>`}${limits !== "" && html` <span class="limits">${limits}</span>`}</div>
${schema.description !== undefined && html`<div class="note">${inlineMarkdown(schema.description)}</div>`}
${innerView(schema)}</li>`;
}

function innerView(schema: JsonSchema): Html | undefined {
  if (schema.properties) return fieldList(schema);
  if (schema.items) return innerView(schema.items);
  const parts = (schema.oneOf ?? schema.anyOf ?? schema.allOf ?? []).filter(
    (part) => part.properties ?? part.$ref,
  );
  if (parts.length < 2) return undefined;
  const lead = schema.allOf ? "all of" : "one of";
  return html`<div class="choices"><p class="lead">${lead}</p>
${parts.map((part) => html`<div class="choice">${part.description && markdown(part.description)}${schemaView(part)}</div>`)}</div>`;
}

function fieldList(schema: JsonSchema): Html {
  const required = new Set(schema.required ?? []);
  const rows = Object.entries(schema.properties ?? {}).map(([name, field]) =>
    fieldRow({ name, schema: field, required: required.has(name) }),
  );
  const open =
    schema.additionalProperties === true &&
    html`<li><div class="field">further fields of any name</div></li>`;
  return rows.length === 0
    ? html`<p class="type-line">an empty object</p>`
    : html`<ul class="fields">${rows}${open}</ul>`;
}

function range([least, most]: readonly [unknown, unknown], unit: string): string | false {
  const units = `${unit}s`;
  if (typeof most === "number") {
    return typeof least === "number" ? `${least} to ${most} ${units}` : `at most ${most} ${units}`;
  }
  return typeof least === "number" && `at least ${least} ${least === 1 ? unit : units}`;
}

function joined(pieces: readonly Html[], separator: string): Html {
  return html`${pieces.map((piece, index) => (index === 0 ? piece : html`${separator}${piece}`))}`;
}
