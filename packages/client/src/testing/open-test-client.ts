import { Client } from "../client.js";
import type { ClientParts } from "../client-parts.js";
import { memoryStore } from "../store/memory-store.js";
import { createTokenSource } from "../token-source.js";
import type { FakeClock } from "./fake-clock.js";
import type { FakeServer } from "./fake-server.js";

/** A client of a fake server, and everything that it told. */
export function openTestClient(
  world: { clock: FakeClock; server: FakeServer },
  parts: Partial<ClientParts> = {},
) {
  const { clock, server } = world;
  const userId = parts.userId ?? "ann";
  const client = new Client({
    clock,
    random: () => 0.5,
    tokens: createTokenSource(() => `${userId} token`),
    userId,
    store: memoryStore(),
    dial: server.dial,
    rest: server.rest,
    ...parts,
  });
  const told: Array<{ name: string; event: unknown }> = [];
  for (const name of [
    "status",
    "message",
    "message_updated",
    "message_failed",
    "read",
    "delivered",
    "unread",
    "trouble",
  ] as const) {
    client.on(name, (event) => told.push({ name, event }));
  }
  return {
    client,
    told,
    /** The new messages that were told, as `chat seq content`. */
    messages: () =>
      told
        .filter((one) => one.name === "message")
        .map(({ event }) => (event as { message: { seq: number; content: string } }).message)
        .map(({ seq, content }) => `${seq} ${content}`),
    /** What is shown of a chat. */
    shown: (chatId: string) =>
      client.timeline(chatId).map(({ message, status }) => `${message.seq} ${message.content} ${status}`),
  };
}
