import { COMMAND_CATALOGUE, type CommandName } from "../commands/catalogue.js";
import { SOCKET_EVENTS } from "../socket-events.js";
import { commandCodes } from "./command-codes.js";
import type { AsyncApiOperation, AsyncApiReference } from "./document.js";
import { messageKey } from "./messages.js";

const channel = { $ref: "#/channels/chat" };

/** What the server receives (commands, with their acknowledgements) and what it sends (events). */
export function socketOperations(): Record<string, AsyncApiOperation> {
  const commands = Object.keys(COMMAND_CATALOGUE) as CommandName[];
  return Object.fromEntries([
    ...commands.map((name) => [`receive_${name}`, receive(name)]),
    ...Object.entries(SOCKET_EVENTS).map(([name, { summary }]) => [`send_${name}`, send(name, summary)]),
  ]);
}

function receive(name: CommandName): AsyncApiOperation {
  const codes = commandCodes(name);
  return {
    action: "receive",
    channel,
    summary: COMMAND_CATALOGUE[name].summary,
    description: `May fail with ${codes.map((code) => `\`${code}\``).join(", ")}.`,
    messages: [inChannel(messageKey.command(name))],
    reply: { channel, messages: [inChannel(messageKey.acknowledgement(name))] },
    "x-error-codes": codes,
  };
}

function send(name: string, summary: string): AsyncApiOperation {
  return { action: "send", channel, summary, messages: [inChannel(messageKey.event(name))] };
}

function inChannel(key: string): AsyncApiReference {
  return { $ref: `#/channels/chat/messages/${key}` };
}
