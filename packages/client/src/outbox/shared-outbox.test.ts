import { beforeEach, describe, expect, it } from "vitest";
import { ParleyRefusal } from "../refusal.js";
import { memoryStore } from "../store/memory-store.js";
import { createFakeClock, type FakeClock } from "../testing/fake-clock.js";
import { FakeServer } from "../testing/fake-server.js";
import { openTestClient } from "../testing/open-test-client.js";

let clock: FakeClock;
let server: FakeServer;
let chat: string;
const MINUTE = 60_000;

beforeEach(() => {
  clock = createFakeClock();
  server = new FakeServer();
  chat = server.open("chat", "ann", "ben");
});

const open = (parts: Parameters<typeof openTestClient>[1] = {}) => openTestClient({ clock, server }, parts);
const sentTexts = () =>
  server.askedFor("send_message").map((input) => (input.message as { content: string }).content);

describe("a message that is sent", () => {
  it("is shown at once, and turns into the stored one", async () => {
    const { client, shown, messages } = open();
    await clock.settle();
    const sending = client.send(chat, "hello");
    expect(shown(chat)).toEqual(["0 hello pending"]);
    const key = client.timeline(chat)[0]?.key;
    await clock.settle();
    expect(shown(chat)).toEqual(["1 hello stored"]);
    expect(client.timeline(chat)[0]?.key).toBe(key);
    expect(await sending.stored()).toMatchObject({ seq: 1, client_id: sending.clientId });
    expect(messages()).toEqual(["1 hello"]);
    expect(client.unread()).toBe(0);
    await client.close();
  });

  it("is never shown twice, whichever of acknowledgement and event comes first", async () => {
    const { client, shown } = open();
    await clock.settle();
    const seen: string[][] = [];
    client.on("timeline", () => seen.push(shown(chat)));
    server.deaf = true;
    client.send(chat, "acknowledged first");
    await clock.settle();
    server.deaf = false;
    client.send(chat, "heard first");
    await clock.settle();
    expect(shown(chat)).toEqual(["1 acknowledged first stored", "2 heard first stored"]);
    for (const lines of seen) {
      expect(lines.filter((line) => line.includes("acknowledged first"))).toHaveLength(1);
      expect(lines.filter((line) => line.includes("heard first")).length).toBeLessThan(2);
    }
    await client.close();
  });

  it("whose acknowledgement is lost is sent again with the same client id", async () => {
    const { client, shown, messages } = open();
    await clock.settle();
    server.loseAnswers.add("send_message");
    const { clientId, stored } = client.send(chat, "hello");
    await clock.advance(MINUTE);
    expect((await stored()).client_id).toBe(clientId);
    expect(server.chats.get(chat)?.messages).toHaveLength(1);
    expect(shown(chat)).toEqual(["1 hello stored"]);
    expect(messages()).toEqual(["1 hello"]);
    await client.close();
  });

  it("waits for a connection, and keeps its place in the line", async () => {
    server.dialRefusals = Array.from({ length: 5 }, () => ({ code: "draining", message: "" }));
    const { client, shown } = open();
    for (const text of ["1", "2", "3"]) client.send(chat, text);
    await clock.settle();
    expect(shown(chat)).toEqual(["0 1 pending", "0 2 pending", "0 3 pending"]);
    await clock.advance(MINUTE);
    expect(shown(chat)).toEqual(["1 1 stored", "2 2 stored", "3 3 stored"]);
    expect(sentTexts()).toEqual(["1", "2", "3"]);
    await client.close();
  });

  it("that the server can't take now waits as long as it is told, and the later ones wait behind it", async () => {
    const { client } = open();
    await clock.settle();
    server.refusals.set("send_message", [
      { code: "rate_limited", message: "", retry_after_ms: 5_000 },
      { code: "overloaded", message: "" },
    ]);
    for (const text of ["1", "2"]) client.send(chat, text);
    await clock.advance(5_000);
    client.send(chat, "3");
    server.cut();
    await clock.advance(249);
    expect(sentTexts()).toEqual(["1"]);
    await clock.advance(1);
    expect(sentTexts()).toEqual(["1", "1"]);
    const other = server.open("other", "ann");
    client.send(other, "elsewhere");
    await clock.settle();
    expect(sentTexts()).toEqual(["1", "1", "elsewhere"]);
    await clock.advance(MINUTE);
    expect(sentTexts()).toEqual(["1", "1", "elsewhere", "1", "2", "3"]);
    expect(server.chats.get(chat)?.messages.map((one) => one.content)).toEqual(["1", "2", "3"]);
    await client.close();
  });

  it("that is refused for good is told, lets the others pass, and can be sent again or discarded", async () => {
    const { client, shown, told } = open();
    await clock.settle();
    const refusal = { code: "chat_closed", message: "The chat is closed." };
    server.refusals.set("send_message", [refusal, refusal]);
    const first = client.send(chat, "first");
    const second = client.send(chat, "second");
    const third = client.send(chat, "third");
    await expect(first.stored()).rejects.toMatchObject({ code: "chat_closed" });
    await third.stored();
    expect(shown(chat)).toEqual(["1 third stored", "0 first failed", "0 second failed"]);
    expect(client.timeline(chat)[1]?.why).toBeInstanceOf(ParleyRefusal);
    expect(told.filter((one) => one.name === "message_failed")).toMatchObject([
      { event: { chatId: chat, clientId: first.clientId, why: { code: "chat_closed" } } },
      { event: { clientId: second.clientId } },
    ]);
    client.discard(second.clientId);
    client.retry(first.clientId);
    await clock.settle();
    expect(shown(chat)).toEqual(["1 third stored", "2 first stored"]);
    await client.close();
  });

  it("with an expired token waits for a fresh one", async () => {
    let asked = 0;
    const tokens = {
      get: async () => "ann old",
      refresh: async () => {
        asked++;
        return "ann new";
      },
    };
    const { client, shown } = open({ tokens });
    await clock.settle();
    const refusal = { code: "token_expired", message: "" };
    server.refusals.set("send_message", [refusal, refusal]);
    const other = server.open("other", "ann");
    client.send(chat, "hello");
    client.send(other, "hello");
    await clock.advance(1_000);
    expect(shown(chat)).toEqual(["1 hello stored"]);
    expect(shown(other)).toEqual(["1 hello stored"]);
    expect(asked).toBe(1);
    expect(server.askedFor("reauthenticate")).toEqual([{ token: "ann new" }]);
    await client.close();
  });
});

describe("a reload", () => {
  it("sends what is left with the same client ids, and starts from what it knew", async () => {
    const store = memoryStore();
    const before = open({ store });
    await clock.advance(2_000);
    server.say(chat, "ben", "known");
    await clock.advance(2_000);
    server.loseAnswers.add("send_message");
    server.deaf = true;
    const { clientId } = before.client.send(chat, "lost answer");
    await clock.settle();
    server.deaf = false;
    before.client.send(chat, "written offline");
    await before.client.close();
    server.say(chat, "ben", "meanwhile");

    server.dialRefusals = [{ code: "draining", message: "" }];
    const after = open({ store });
    await clock.settle();
    expect(after.shown(chat)).toEqual([
      "1 known stored",
      "0 lost answer pending",
      "0 written offline pending",
    ]);
    await clock.advance(MINUTE);
    expect(after.shown(chat)).toEqual([
      "1 known stored",
      "2 lost answer stored",
      "3 meanwhile stored",
      "4 written offline stored",
    ]);
    expect(after.messages()).toEqual(["2 lost answer", "3 meanwhile", "4 written offline"]);
    expect(server.chats.get(chat)?.messages[1]?.client_id).toBe(clientId);
    expect(server.askedFor("sync").filter((input) => input.cursor === undefined)).toHaveLength(1);
    await after.client.close();
    expect((await store.load()).map(([key]) => key.split(":")[0]).toSorted()).toEqual(["chat", "cursor"]);
  });
});

describe("what a reload starts from", () => {
  it("has a hole where there was one, and it is filled without any news", async () => {
    const store = memoryStore();
    const before = open({ store });
    await clock.settle();
    const busy = { code: "database_unavailable", message: "" };
    server.refusals.set("GET /v1/chat/{id}/messages", [busy, busy, busy]);
    server.say(chat, "ben", "one");
    server.deaf = true;
    server.say(chat, "ben", "two");
    server.deaf = false;
    server.say(chat, "ben", "three");
    await clock.advance(1_100);
    expect(before.shown(chat)).toEqual(["1 one stored"]);
    await before.client.close();
    // The next catch-up tells nothing of it: everything happened before its cursor.
    const keptCursor = (await store.load()).map(
      ([key, value]) => [key, key === "cursor" ? "4" : value] as const,
    );
    await store.save(keptCursor);
    server.refusals.clear();
    const after = open({ store });
    await clock.advance(1_000);
    expect(after.shown(chat)).toEqual(["1 one stored", "2 two stored", "3 three stored"]);
    await after.client.close();
  });

  it("is never half of a snapshot", async () => {
    const store = memoryStore();
    const quiet = server.open("quiet", "ann");
    const before = open({ store });
    await clock.settle();
    server.say(quiet, "ann", "old");
    server.cut();
    await clock.advance(2_000);
    server.say(quiet, "ann", "new");
    server.cut();
    server.forgetCursors();
    server.page = 1;
    const pages = server.askedFor("sync").length;
    before.client.on("status", ({ status }) => {
      const slow = { code: "overloaded", message: "", retry_after_ms: MINUTE };
      if (status === "live")
        setImmediate(() => setImmediate(() => server.refusals.set("sync", [slow, slow])));
    });
    await clock.advance(10_000);
    expect(server.askedFor("sync").length).toBe(pages + 2);
    await before.client.close();
    server.refusals.clear();
    const after = open({ store });
    await clock.advance(10_000);
    expect(after.shown(quiet)).toEqual(["1 old stored", "2 new stored"]);
    await after.client.close();
  });
});

describe("two tabs with one store", () => {
  it("show the same, send each message once, and let the second go on when the first is closed", async () => {
    const store = memoryStore();
    const [first, second] = [open({ store }), open({ store })];
    await clock.settle();
    first.client.send(chat, "from the first");
    const { stored } = second.client.send(chat, "from the second");
    await clock.settle();
    expect(await stored()).toMatchObject({ seq: 2 });
    expect(sentTexts()).toEqual(["from the first", "from the second"]);
    for (const tab of [first, second]) {
      expect(tab.shown(chat)).toEqual(["1 from the first stored", "2 from the second stored"]);
      expect(tab.messages()).toEqual(["1 from the first", "2 from the second"]);
    }
    server.refusals.set("send_message", [{ code: "chat_closed", message: "" }]);
    const failing = second.client.send(chat, "failing");
    await expect(failing.stored()).rejects.toMatchObject({ code: "chat_closed" });
    await clock.settle();
    expect(first.shown(chat)[2]).toBe("0 failing failed");
    first.client.discard(failing.clientId);
    await clock.settle();
    expect(second.shown(chat)).toHaveLength(2);

    await first.client.close();
    second.client.send(chat, "the heir");
    await clock.settle();
    expect(second.shown(chat)[2]).toBe("3 the heir stored");
    expect(sentTexts().filter((text) => text === "the heir")).toHaveLength(1);
    await second.client.close();
  });

  it("without the first one's last message do not lose it", async () => {
    const store = memoryStore();
    server.dialRefusals = Array.from({ length: 10 }, () => ({ code: "draining", message: "" }));
    const [first, second] = [open({ store }), open({ store })];
    await clock.settle();
    first.client.send(chat, "last words");
    await clock.settle();
    expect(second.shown(chat)).toEqual(["0 last words pending"]);
    await first.client.close();
    await clock.advance(5 * MINUTE);
    expect(second.shown(chat)).toEqual(["1 last words stored"]);
    await second.client.close();
  });
});
