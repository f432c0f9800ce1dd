import { describe, expect, it } from "vitest";
import { COMMAND_CATALOGUE } from "./commands/catalogue.js";
import { ERROR_CODES, ERROR_KINDS } from "./error-codes.js";
import { SOCKET_EVENTS } from "./socket-events.js";

/** Socket.IO's parsers take a packet with one of these names for an attack and close the connection. */
const RESERVED = ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

describe("the catalogues", () => {
  it("use no event name that Socket.IO keeps for itself", () => {
    const names = [...Object.keys(SOCKET_EVENTS), ...Object.keys(COMMAND_CATALOGUE)];
    expect(names.filter((name) => RESERVED.includes(name))).toEqual([]);
  });

  it("have a code for every kind of failure, and say for each what to do", () => {
    const kinds = new Set(Object.values(ERROR_CODES).map((entry) => entry.kind));
    expect([...kinds].toSorted()).toEqual(Object.keys(ERROR_KINDS).toSorted());
    for (const entry of Object.values(ERROR_CODES)) expect(entry.message.length).toBeGreaterThan(15);
  });
});
