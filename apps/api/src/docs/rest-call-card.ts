import type { OpenApiDocument, OpenApiMedia, OpenApiOperation, OpenApiResponse } from "@parley/contracts";
import { codeBlock, jsonBlock } from "./code-block.js";
import { errorLinks } from "./error-links.js";
import { type Html, html } from "./html.js";
import { markdown } from "./markdown.js";
import type { RestCall } from "./rest-call.js";
import { dereferenced, schemaExample } from "./schema-example.js";
import { fieldRow, schemaView, typeText } from "./schema-view.js";
import { tryForm } from "./try-form.js";

type Components = OpenApiDocument["components"];

/** One call: what it takes, what it answers, and a form to try it. */
export function restCallCard(call: RestCall, components: Components): Html {
  const { method, path, operation } = call;
  const { operationId, summary, description } = operation;
  const search = `${method} ${path} ${summary} ${operationId} ${description ?? ""}`.toLowerCase();
  return html`<details class="card" id="${operationId}" data-search="${search}">
<summary><span class="method ${method}">${method}</span> <code class="path">${breakable(path)}</code> <span class="title">${summary}</span></summary>
<div class="card-body">
${description !== undefined && markdown(description)}
${parameters(operation)}
${body(operation, components)}
${answers(operation, components)}
${codeBlock("curl", curlOf(call))}
${tryForm(call)}
</div>
</details>`;
}

/** Lets a long path break at its slashes on a narrow screen. */
function breakable(path: string): Html {
  return html`${path.split(/(?=\/)/).map((part) => html`${part}<wbr>`)}`;
}

function parameters({ parameters: all = [] }: OpenApiOperation): Html | undefined {
  if (all.length === 0) return undefined;
  const rows = all.map(({ name, required, schema, description }) =>
    fieldRow({ name, required, schema: { ...schema, description } }),
  );
  return html`<h3>Parameters</h3><ul class="fields">${rows}</ul>`;
}

function body({ requestBody }: OpenApiOperation, { schemas }: Components): Html | undefined {
  const media = requestBody?.content["application/json"];
  const form = requestBody?.content["multipart/form-data"];
  if (form) return html`<h3>Body, as <code>multipart/form-data</code></h3>${schemaView(form.schema)}`;
  if (media === undefined) return undefined;
  const named = media.schema.$ref !== undefined && html`<p class="type-line">${typeText(media.schema)}</p>`;
  return html`<h3>Body</h3>${named}${schemaView(dereferenced(media.schema, schemas))}
${jsonBlock("Example", exampleBody(media, schemas))}`;
}

function answers({ responses, "x-error-codes": codes }: OpenApiOperation, { schemas }: Components): Html {
  const inline = Object.entries(responses).filter(([status, response]) => shownAlone(status, response));
  return html`<h3>Answers</h3>
${inline.map(([status, response]) => answer({ status, response: response as OpenApiResponse, schemas }))}
${codes && html`<p class="failures">Fails with ${errorLinks(codes)}</p>`}`;
}

/** The failures of the catalogue are listed by code; calls about the node have answers of their own. */
function shownAlone(status: string, response: object): boolean {
  return (
    Number(status) < 300 || ("content" in response && !JSON.stringify(response).includes("problem+json"))
  );
}

function answer({
  status,
  response,
  schemas,
}: {
  status: string;
  response: OpenApiResponse;
  schemas: Components["schemas"];
}): Html {
  const media = response.content?.["application/json"];
  return html`<div class="answer"><p><span class="status">${status}</span> ${response.description}</p>
${media && html`${schemaView(media.schema)}${jsonBlock("Example", schemaExample(media.schema, schemas))}`}</div>`;
}

function exampleBody(media: OpenApiMedia, schemas: Components["schemas"]): unknown {
  return media.example ?? schemaExample(media.schema, schemas);
}

function curlOf({ method, path, operation }: RestCall): string {
  const url = `http://localhost:8080${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => `$${name.toUpperCase()}`)}`;
  const example = operation.requestBody?.content["application/json"]?.example;
  const isUpload = operation.requestBody?.content["multipart/form-data"] !== undefined;
  const lines = [
    method === "get" ? `curl "${url}"` : `curl -X ${method.toUpperCase()} "${url}"`,
    operation.security === undefined && '-H "Authorization: Bearer $TOKEN"',
    isUpload && "-F file=@picture.png",
    example !== undefined && "-H 'Content-Type: application/json'",
    example !== undefined && `-d '${JSON.stringify(example)}'`,
  ];
  return lines.filter(Boolean).join(" \\\n  ");
}
