import { beforeEach, describe, expect, it } from "vitest";
import { createFakeClock, type FakeClock } from "../testing/fake-clock.js";
import { FakeServer } from "../testing/fake-server.js";
import { openTestClient } from "../testing/open-test-client.js";
import { createTokenSource } from "../token-source.js";

let clock: FakeClock;
let server: FakeServer;
const MINUTE = 60_000;
const refusal = (code: string, more = {}) => ({ code, message: code, ...more });

beforeEach(() => {
  clock = createFakeClock();
  server = new FakeServer();
});

const open = (parts: Parameters<typeof openTestClient>[1] = {}) => openTestClient({ clock, server }, parts);

/** Tokens that are numbered as they are asked for. */
function countedTokens() {
  let asked = 0;
  const tokens = createTokenSource(() => `ann ${++asked}`);
  return { tokens, asked: () => asked };
}

describe("coming back", () => {
  it("waits with full jitter, twice as long after each failure, half a minute at most", async () => {
    server.dialRefusals = Array.from({ length: 10 }, () => refusal("connection_lost"));
    const at: number[] = [];
    const began = clock.now();
    const { client } = open({
      random: () => 1,
      dial: (token, hooks) => {
        at.push(clock.now() - began);
        return server.dial(token, hooks);
      },
    });
    await clock.advance(5 * MINUTE);
    const waits = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000]);
    expect(client.status).toBe("live");
    server.cut();
    await clock.advance(499);
    expect(client.status).toBe("waiting");
    await clock.advance(1);
    expect(client.status).toBe("live");
    await client.close();
  });

  it("does not hurry while nothing works but the connection itself", async () => {
    server.refusals.set(
      "sync",
      Array.from({ length: 100 }, () => refusal("database_unavailable")),
    );
    const { client } = open({ random: () => 1 });
    await clock.settle();
    for (let loss = 0; loss < 6; loss++) {
      server.cut();
      await clock.advance(500 * 2 ** loss);
      expect(client.status).toBe("live");
    }
    await client.close();
  });

  it("keeps to the time that a draining node or a refusal names", async () => {
    const { client } = open();
    await clock.settle();
    server.tell({ name: "server_draining", payload: { retryAfterMs: 2_500 } });
    server.cut();
    await clock.advance(2_499);
    expect(server.dialled).toHaveLength(1);
    server.dialRefusals = [refusal("keys_unavailable", { retry_after_ms: 5_000 })];
    await clock.advance(1);
    expect(server.dialled).toHaveLength(2);
    await clock.advance(4_999);
    expect(server.dialled).toHaveLength(2);
    await clock.advance(1_000);
    expect(client.status).toBe("live");
    await client.close();
  });

  it("takes no longer for nodes that drain one after the other", async () => {
    const { client } = open({ random: () => 1 });
    await clock.settle();
    // So early that there is no time to catch up in between.
    server.refusals.set(
      "sync",
      Array.from({ length: 100 }, () => refusal("draining")),
    );
    for (let node = 0; node < 8; node++) {
      server.tell({ name: "server_draining", payload: { retryAfterMs: 1_000 } });
      server.cut();
      await clock.advance(1_000);
      expect(client.status).toBe("live");
    }
    // Only what follows is a failure, and the first one.
    server.cut();
    await clock.advance(500);
    expect(client.status).toBe("live");
    await client.close();
  });

  it("happens at once when the application asks for it", async () => {
    server.dialRefusals = Array.from({ length: 8 }, () => refusal("connection_lost"));
    const { client } = open({ random: () => 1 });
    await clock.advance(MINUTE);
    server.dialRefusals = [];
    client.connect();
    await clock.settle();
    expect(client.status).toBe("live");
    await client.close();
  });

  it("does not happen where the server does not want it, until the application asks", async () => {
    const { client, told } = open();
    await clock.settle();
    const ending = { reason: "too_many_connections", message: "Too many.", reconnect: false };
    server.tell({ name: "connection_ending", payload: ending });
    server.cut();
    await clock.advance(5 * MINUTE);
    expect(server.dialled).toHaveLength(1);
    expect(told.at(-1)).toMatchObject({
      name: "status",
      event: { status: "refused", why: { code: "too_many_connections" } },
    });
    client.connect();
    await clock.settle();
    expect(client.status).toBe("live");
    await client.close();
  });
});

describe("a token", () => {
  it("that is refused is replaced once; when the fresh one is refused too, that is final", async () => {
    const { tokens, asked } = countedTokens();
    server.dialRefusals = [refusal("token_expired")];
    const { client } = open({ tokens });
    await clock.settle();
    expect(server.dialled).toEqual(["ann 1", "ann 2"]);
    server.dialRefusals = [refusal("token_expired"), refusal("token_invalid")];
    server.cut();
    await clock.advance(5 * MINUTE);
    expect(asked()).toBe(3);
    expect(client.status).toBe("refused");
    await expect(client.ready()).resolves.toBeUndefined();
    client.connect();
    await clock.settle();
    expect(client.status).toBe("live");
    await client.close();
  });

  it("that can't be had is asked for three times, and then the user counts as signed out", async () => {
    let asked = 0;
    const tokens = createTokenSource(() => {
      asked++;
      if (asked > 1) throw new Error("signed out");
      return "ann 1";
    });
    server.dialRefusals = Array.from({ length: 100 }, () => refusal("token_expired"));
    const { client, told } = open({ tokens });
    const ready = client.ready();
    ready.catch(() => undefined);
    await clock.advance(5 * MINUTE);
    expect(asked).toBe(4);
    expect(told.at(-1)).toMatchObject({ event: { status: "refused", why: { code: "token_unavailable" } } });
    await expect(ready).rejects.toMatchObject({ code: "token_unavailable" });
    await client.close();
  });

  it("that runs out on a live connection is replaced there, once for all who need it", async () => {
    const { tokens, asked } = countedTokens();
    const chat = server.open("chat", "ann");
    server.say(chat, "ann", "hi");
    const { client, told } = open({ tokens });
    await clock.settle();
    const expired = refusal("token_expired");
    for (const name of ["send_message", "edit_message", "react"]) server.refusals.set(name, [expired]);
    server.tell({ name: "token_expiring", payload: { graceMs: 30_000 } });
    client.send(chat, "there");
    const edited = client.edit(chat, "chat-1", "ho");
    const reacted = client.react(chat, "chat-1", "👍").catch(() => undefined);
    await clock.advance(2_000);
    await Promise.all([edited, reacted]);
    expect(asked()).toBe(2);
    expect(server.askedFor("reauthenticate")).toEqual([{ token: "ann 2" }]);
    expect(server.dialled).toHaveLength(1);
    expect(told.filter((one) => one.name === "status").at(-1)).toMatchObject({ event: { status: "live" } });
    await client.close();
  });

  it("of somebody else is refused, and nothing is sent or shown", async () => {
    const chat = server.open("chat", "mallory");
    const { client } = open({ tokens: createTokenSource(() => "mallory token") });
    client.send(chat, "mine");
    await clock.advance(5 * MINUTE);
    expect(client.status).toBe("refused");
    expect(client.chats()).toEqual([]);
    expect(server.asked).toEqual([]);
    await client.close();
  });
});

describe("closing", () => {
  it("leaves no timer and answers everyone who waits", async () => {
    const chat = server.open("chat", "ann", "ben");
    server.dialRefusals = Array.from({ length: 100 }, () => refusal("connection_lost"));
    const { client } = open();
    await clock.settle();
    const waiting = [client.send(chat, "hi").stored(), client.edit(chat, "chat-1", "x"), client.ready()];
    const settled = Promise.allSettled(waiting);
    await clock.settle();
    await client.close();
    await client.close();
    await clock.settle();
    expect(clock.waiting()).toBe(0);
    expect((await settled).map((one) => one.status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(() => client.send(chat, "late")).toThrow("closed");
    expect(client.status).toBe("closed");
  });

  it("during anything that is under way leaves nothing behind", async () => {
    for (const moment of [0, 1, 2, 3, 5, 8]) {
      const { client } = open();
      client.send("chat", "hi");
      for (let turn = 0; turn < moment; turn++) await new Promise((resolve) => setImmediate(resolve));
      await client.close();
      await clock.settle();
      expect(clock.waiting()).toBe(0);
    }
  });
});
