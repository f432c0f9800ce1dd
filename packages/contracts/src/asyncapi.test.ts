import { Parser } from "@asyncapi/parser";
import { describe, expect, it } from "vitest";
import { commandCodes } from "./asyncapi/command-codes.js";
import { COMMAND_EXAMPLES } from "./asyncapi/command-examples.js";
import { asyncApiDocument } from "./asyncapi.js";
import { bothSpellings } from "./commands/both-spellings.js";
import { COMMAND_CATALOGUE, type CommandName } from "./commands/catalogue.js";
import { DISCONNECT_REASONS } from "./disconnect-reasons.js";
import { ERROR_CODES } from "./error-codes.js";
import { SOCKET_EVENTS } from "./socket-events.js";

const document = asyncApiDocument({ version: "1.2.3" });
const commands = Object.keys(COMMAND_CATALOGUE) as CommandName[];
const events = Object.keys(SOCKET_EVENTS);

describe("the AsyncAPI document", () => {
  it("is valid AsyncAPI 3.0", async () => {
    const { document: parsed, diagnostics } = await new Parser().parse(JSON.stringify(document));
    const faults = diagnostics.filter(({ code }) => code !== "asyncapi-latest-version");
    expect(faults.map(({ code, message, path }) => `${path.join(".")}: ${code} ${message}`)).toEqual([]);
    expect(parsed?.version()).toBe("3.0.0");
  });

  it("describes the catalogues' commands and events, and no others", () => {
    const names = (action: string) =>
      Object.entries(document.operations)
        .filter(([, operation]) => operation.action === action)
        .map(([key]) => key);
    expect(names("receive")).toEqual(commands.map((name) => `receive_${name}`));
    expect(names("send")).toEqual(events.map((name) => `send_${name}`));
    expect(Object.keys(document.components.messages)).toHaveLength(2 * commands.length + events.length);
  });

  it.each(commands)("says what %s takes, answers and fails with", (name) => {
    const operation = document.operations[`receive_${name}`];
    expect(operation?.messages).toEqual([{ $ref: `#/channels/chat/messages/command_${name}` }]);
    expect(operation?.reply?.messages).toEqual([{ $ref: `#/channels/chat/messages/ack_${name}` }]);
    for (const code of commandCodes(name)) expect(operation?.description).toContain(`\`${code}\``);
    expect(document.components.messages[`command_${name}`]?.name).toBe(name);
    const answers = document.components.messages[`ack_${name}`]?.payload.oneOf ?? [];
    expect(JSON.stringify(answers[0])).toContain('"const":true');
    expect(answers[1]?.properties?.error).toEqual({ $ref: "#/components/schemas/SocketError" });
  });

  it("has examples that the server accepts", () => {
    for (const name of commands) {
      const outcome = COMMAND_CATALOGUE[name].input.safeParse(bothSpellings(COMMAND_EXAMPLES[name]));
      expect(outcome.error, name).toBeUndefined();
    }
  });

  it("lists every error code and every reason to disconnect", () => {
    expect(document.components.schemas.SocketError?.properties?.code?.enum).toEqual(Object.keys(ERROR_CODES));
    for (const [reason, { reconnect }] of Object.entries(DISCONNECT_REASONS)) {
      expect(document.channels.chat?.description).toMatch(
        new RegExp(`\\| \`${reason}\` \\| \\d+ \\| ${reconnect} \\|`),
      );
    }
  });
});
