import type { Change } from "@parley/contracts";
import type { Engine } from "@parley/engine";
import { createLogger } from "@parley/platform";
import { expect, it } from "vitest";
import { toyDialect } from "../../testing/toy-dialect/toy-dialect.js";
import { createDialectWire } from "./dialect-wire.js";

const log = createLogger({ level: "silent", node: "test", name: "test" });
const joined: Change = {
  chatId: "c",
  rev: 1,
  seq: 0,
  audience: ["ann", "ben"],
  body: { name: "member.added", userId: "ben" },
};

function wireWith(encode: () => Promise<object[]>) {
  const outbound = { changes: { "member.added": encode }, signals: {} };
  const dialect = { ...toyDialect, socket: { ...toyDialect.socket, outbound } };
  return createDialectWire({ dialect, engine: {} as Engine, log, retryMs: 1 });
}

function framesOf(outbound: ReturnType<ReturnType<typeof wireWith>["change"]>, userId: string) {
  const frames = "toEach" in outbound ? outbound.toEach(userId) : outbound.toAll;
  return "later" in frames ? frames.later : frames;
}

it("asks an encoder that failed again, once for all receivers", async () => {
  let asked = 0;
  const outbound = wireWith(async () => {
    asked++;
    if (asked < 3) throw new Error("not yet");
    return [{ type: "joined" }];
  }).change(joined);
  expect(await framesOf(outbound, "ann")).toEqual(['{"type":"joined"}']);
  expect(await framesOf(outbound, "ben")).toEqual(['{"type":"joined"}']);
  expect(asked).toBe(3);
});

it("a receiver that is gone when an encoder gives up breaks nothing, and the others are told of it", async () => {
  const outbound = wireWith(() => Promise.reject(new Error("never"))).change(joined);
  // Nobody waits for this one: were it not looked after, the process would end.
  framesOf(outbound, "gone");
  await expect(framesOf(outbound, "ann")).rejects.toThrow("never");
});
