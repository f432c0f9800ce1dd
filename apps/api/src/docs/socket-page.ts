import type { AsyncApiDocument, AsyncApiMessage, AsyncApiOperation } from "@parley/contracts";
import { jsonBlock } from "./code-block.js";
import { errorLinks } from "./error-links.js";
import { type Html, html } from "./html.js";
import { inlineMarkdown, markdown } from "./markdown.js";
import { type ContentsGroup, page } from "./page.js";
import { type Schemas, schemaExample } from "./schema-example.js";
import { schemaView } from "./schema-view.js";
import { schemasContents, schemasSection } from "./schemas-section.js";

interface Entry {
  anchor: string;
  operation: AsyncApiOperation;
  message: AsyncApiMessage;
  acknowledgement: AsyncApiMessage | undefined;
}

/** The page of the socket: commands, events, and what holds for all of them. */
export function socketPage(document: AsyncApiDocument): string {
  const { schemas } = document.components;
  const entries = entriesOf(document);
  const commands = entries.filter(({ operation }) => operation.action === "receive");
  const events = entries.filter(({ operation }) => operation.action === "send");
  return page({
    title: "Socket",
    tab: "/docs/socket",
    version: document.info.version,
    contents: [
      contentsGroup("Commands (client → server)", commands),
      contentsGroup("Events (server → client)", events),
      schemasContents(schemas),
    ],
    body: html`<h1>Socket</h1>
<p>${document.info.description} For machines: <a href="/docs/asyncapi.json">asyncapi.json</a>.</p>
${markdown(document.channels.chat?.description ?? "")}
<section><h2 id="commands">Commands (client → server)</h2>${commands.map((entry) => commandCard(entry, schemas))}</section>
<section><h2 id="events">Events (server → client)</h2>${events.map((entry) => eventCard(entry, schemas))}</section>
${schemasSection(schemas)}`,
  });
}

function entriesOf({ operations, components }: AsyncApiDocument): Entry[] {
  const messageAt = (reference: { $ref: string } | undefined) =>
    components.messages[reference?.$ref.split("/").at(-1) ?? ""];
  return Object.entries(operations).flatMap(([anchor, operation]) => {
    const message = messageAt(operation.messages[0]);
    return message
      ? [{ anchor, operation, message, acknowledgement: messageAt(operation.reply?.messages[0]) }]
      : [];
  });
}

function contentsGroup(title: string, entries: readonly Entry[]): ContentsGroup {
  return {
    title,
    entries: entries.map(({ anchor, message }) => ({ anchor, label: html`<code>${message.name}</code>` })),
  };
}

function commandCard(entry: Entry, schemas: Schemas): Html {
  const { operation, message, acknowledgement } = entry;
  const codes = operation["x-error-codes"];
  const [accepted] = acknowledgement?.payload.oneOf ?? [];
  const result =
    accepted &&
    html`<h3>Acknowledgement</h3>${schemaView(accepted)}${jsonBlock("Example", schemaExample(accepted, schemas))}`;
  return card(
    entry,
    html`<h3>Payload</h3>${schemaView(message.payload)}
${jsonBlock(`Example of ${message.name}`, message.examples?.[0]?.payload)}
${result}
${codes && html`<p class="failures">Fails with ${errorLinks(codes)}</p>`}`,
  );
}

function eventCard(entry: Entry, schemas: Schemas): Html {
  const { message } = entry;
  return card(
    entry,
    html`<h3>Payload</h3>${schemaView(message.payload)}
${jsonBlock(`Example of ${message.name}`, schemaExample(message.payload, schemas))}`,
  );
}

function card({ anchor, operation, message }: Entry, body: Html): Html {
  const arrow = operation.action === "receive" ? "out" : "in";
  return html`<details class="card" id="${anchor}" data-search="${`${message.name} ${operation.summary}`.toLowerCase()}">
<summary><span class="method ${arrow}">${arrow === "out" ? "emit" : "on"}</span> <code class="path">${message.name}</code> <span class="title">${inlineMarkdown(operation.summary)}</span></summary>
<div class="card-body">${body}</div>
</details>`;
}
