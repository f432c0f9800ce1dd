import { beforeEach, describe, expect, it } from "vitest";
import type { Dial } from "../connection/link.js";
import { createFakeClock, type FakeClock } from "../testing/fake-clock.js";
import { FakeServer } from "../testing/fake-server.js";
import { openTestClient } from "../testing/open-test-client.js";

let clock: FakeClock;
let server: FakeServer;
let chat: string;
const MINUTE = 60_000;
const refusal = (code: string, more = {}) => ({ code, message: code, ...more });

beforeEach(() => {
  clock = createFakeClock();
  server = new FakeServer();
  chat = server.open("chat", "ann", "ben");
});

/** With the longest jitter, and the times between two attempts to send. */
function open() {
  const at: number[] = [];
  const dial: Dial = (token, hooks) => {
    const link = server.dial(token, hooks);
    return {
      ...link,
      ask: (name, input) => {
        if (name === "send_message") at.push(clock.now());
        return link.ask(name, input);
      },
    };
  };
  const opened = openTestClient({ clock, server }, { random: () => 1, dial });
  return { ...opened, waits: () => at.slice(1).map((time, index) => time - (at[index] ?? 0)) };
}

function refuse(times: number, code: string, more = {}): void {
  server.refusals.set(
    "send_message",
    Array.from({ length: times }, () => refusal(code, more)),
  );
}

describe("a live server that can't store a message now", () => {
  it("is asked again after two seconds at most, however long it lasts", async () => {
    const { client, waits } = open();
    await clock.settle();
    refuse(30, "internal");
    client.send(chat, "hello");
    await clock.advance(2 * MINUTE);
    expect(waits().slice(0, 6)).toEqual([500, 1_000, 2_000, 2_000, 2_000, 2_000]);
    expect(Math.max(...waits())).toBe(2_000);
    expect(client.timeline(chat)).toMatchObject([{ status: "stored" }]);
    await client.close();
  });

  it("is believed when it names a time, up to half a minute", async () => {
    const { client, waits } = open();
    await clock.settle();
    server.refusals.set("send_message", [
      refusal("rate_limited", { retry_after_ms: 5_000 }),
      refusal("overloaded", { retry_after_ms: 86_400_000 }),
    ]);
    client.send(chat, "hello");
    await clock.advance(MINUTE);
    expect(waits()).toEqual([5_500, 31_000]);
    await client.close();
  });
});

describe("what waits because the server could not reach its database", () => {
  it("is sent at once when anything else succeeds", async () => {
    const other = server.open("other", "ann", "ben");
    const { client, waits } = open();
    await clock.settle();
    refuse(1, "database_unavailable", { retry_after_ms: 20_000 });
    client.send(chat, "waits");
    await clock.advance(1_000);
    expect(server.askedFor("send_message")).toHaveLength(1);
    client.send(other, "goes through");
    await clock.settle();
    expect(server.chats.get(chat)?.messages.map((one) => one.content)).toEqual(["waits"]);
    await clock.advance(MINUTE);
    expect(waits()).toEqual([1_000, 0]);
    await client.close();
  });

  it("is sent at once on a new connection", async () => {
    const { client, waits } = open();
    await clock.settle();
    refuse(1, "database_unavailable", { retry_after_ms: 20_000 });
    client.send(chat, "waits");
    await clock.advance(1_000);
    server.cut();
    await clock.advance(MINUTE);
    expect(waits()).toEqual([1_500]);
    await client.close();
  });
});

describe("what waits because there was too much of it", () => {
  it.each(["rate_limited", "overloaded"])("waits on whatever else succeeds: %s", async (code) => {
    const { client, waits } = open();
    await clock.settle();
    refuse(1, code, { retry_after_ms: 20_000 });
    client.send(chat, "waits");
    await clock.advance(1_000);
    await client.setPresence("online");
    server.cut();
    await clock.advance(MINUTE);
    expect(waits()).toEqual([20_500]);
    await client.close();
  });
});
