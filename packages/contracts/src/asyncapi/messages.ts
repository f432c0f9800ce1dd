import { COMMAND_CATALOGUE, type CommandName } from "../commands/catalogue.js";
import type { Command } from "../commands/command.js";
import type { JsonSchema, SchemaCollector } from "../json-schema.js";
import { SOCKET_EVENTS } from "../socket-events.js";
import { COMMAND_EXAMPLES } from "./command-examples.js";
import type { AsyncApiMessage } from "./document.js";

/** A command and an event can have the same name on the wire, so the document names them apart. */
export const messageKey = {
  command: (name: string) => `command_${name}`,
  acknowledgement: (name: string) => `ack_${name}`,
  event: (name: string) => `event_${name}`,
};

/** Everything that can cross the socket, by its key in the document. */
export function socketMessages(schemas: SchemaCollector): Record<string, AsyncApiMessage> {
  const commands = Object.entries(COMMAND_CATALOGUE) as [CommandName, Command][];
  return Object.fromEntries([
    ...commands.map(([name, command]) => [messageKey.command(name), commandMessage(name, command, schemas)]),
    ...commands.map(([name, command]) => [
      messageKey.acknowledgement(name),
      acknowledgement(name, command, schemas),
    ]),
    ...Object.entries(SOCKET_EVENTS).map(([name, { summary, payload }]) => [
      messageKey.event(name),
      { name, title: name, summary, payload: schemas.output(payload) },
    ]),
  ]);
}

function commandMessage(name: CommandName, command: Command, schemas: SchemaCollector): AsyncApiMessage {
  return {
    name,
    title: name,
    summary: command.summary,
    payload: schemas.input(command.input),
    examples: [{ payload: COMMAND_EXAMPLES[name] }],
  };
}

function acknowledgement(name: CommandName, command: Command, schemas: SchemaCollector): AsyncApiMessage {
  return {
    name,
    title: `${name}, acknowledged`,
    summary: `The answer to \`${name}\``,
    payload: {
      oneOf: [
        accepted(schemas.output(command.result)),
        {
          type: "object",
          description: "It failed.",
          properties: {
            ok: { type: "boolean", const: false },
            error: { $ref: "#/components/schemas/SocketError" },
          },
          required: ["ok", "error"],
        },
      ],
    },
  };
}

/** The result with `ok: true` in front. */
function accepted(result: JsonSchema): JsonSchema {
  const ok: JsonSchema = {
    type: "object",
    properties: { ok: { type: "boolean", const: true } },
    required: ["ok"],
  };
  if (result.$ref !== undefined) return { description: "Done.", allOf: [ok, result] };
  return {
    type: "object",
    description: "Done.",
    properties: { ...ok.properties, ...result.properties },
    required: ["ok", ...(result.required ?? [])],
  };
}
