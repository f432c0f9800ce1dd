import type { OpenApiDocument, OpenApiOperation } from "@parley/contracts";
import { type Html, html } from "./html.js";
import { inlineMarkdown, markdown } from "./markdown.js";
import { type ContentsGroup, page } from "./page.js";
import type { RestCall } from "./rest-call.js";
import { restCallCard } from "./rest-call-card.js";
import { schemasContents, schemasSection } from "./schemas-section.js";

/** The page of the REST calls. */
export function restPage(document: OpenApiDocument): string {
  const { info, tags, components } = document;
  const calls = callsOf(document);
  const groups = tags.map((tag) => ({
    ...tag,
    calls: calls.filter(({ operation }) => operation.tags[0] === tag.name),
  }));
  return page({
    title: "REST",
    tab: "/docs/rest",
    version: info.version,
    contents: [...groups.map(contentsGroup), schemasContents(components.schemas)],
    body: html`<h1>REST</h1>
${markdown(info.description)}
<p>Every call needs <code>Authorization: Bearer &lt;token&gt;</code>, except those about the node.
For machines: <a href="/docs/openapi.json">openapi.json</a>. All codes: <a href="/docs/errors">Errors</a>.</p>
${tokenForm}
${groups.map(
  ({ name, description, calls: cards }) => html`<section><h2 id="${name}">${name}</h2>
<p>${inlineMarkdown(description)}</p>
${cards.map((call) => restCallCard(call, components))}</section>`,
)}
${schemasSection(components.schemas)}`,
  });
}

function callsOf({ paths }: OpenApiDocument): RestCall[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]: [string, OpenApiOperation]) => ({
      path,
      method,
      operation,
    })),
  );
}

function contentsGroup({ name, calls }: { name: string; calls: readonly RestCall[] }): ContentsGroup {
  return {
    title: name,
    entries: calls.map(({ method, operation }) => ({
      anchor: operation.operationId,
      label: html`<span class="method ${method}">${method}</span> ${operation.summary}`,
    })),
  };
}

const tokenForm: Html = html`<form class="token" hidden>
<label for="token">Your token, for “Try it” on this page. It stays in this browser tab.</label>
<input id="token" type="password" autocomplete="off" spellcheck="false" placeholder="eyJhbGciOi…">
</form>`;
