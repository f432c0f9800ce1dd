import { beforeEach, describe, expect, it } from "vitest";
import { createFakeClock, type FakeClock } from "./testing/fake-clock.js";
import { FakeServer } from "./testing/fake-server.js";
import { openTestClient } from "./testing/open-test-client.js";

let clock: FakeClock;
let server: FakeServer;
const MINUTE = 60_000;

beforeEach(() => {
  clock = createFakeClock();
  server = new FakeServer();
});

const open = (parts: Parameters<typeof openTestClient>[1] = {}) => openTestClient({ clock, server }, parts);

describe("the timeline", () => {
  it("starts with what was there, as history, and then tells what is new", async () => {
    const chat = server.open("chat", "ann", "ben");
    server.say(chat, "ben", "old");
    const { client, messages, shown } = open();
    await clock.settle();
    expect(shown(chat)).toEqual(["1 old stored"]);
    expect(messages()).toEqual([]);
    server.say(chat, "ben", "new");
    expect(shown(chat)).toEqual(["1 old stored", "2 new stored"]);
    expect(messages()).toEqual(["2 new"]);
    expect(client.unread()).toBe(2);
    await client.close();
  });

  it("tells what was missed while away, in order and once, and takes the cursor along", async () => {
    const chat = server.open("chat", "ann", "ben");
    server.page = 2;
    const { client, messages } = open();
    await clock.settle();
    server.cut();
    for (const text of ["1", "2", "3", "4", "5"]) server.say(chat, "ben", text);
    server.edit(chat, 1, "1b");
    await clock.advance(MINUTE);
    expect(messages()).toEqual(["1 1b", "2 2", "3 3", "4 4", "5 5"]);
    expect(server.askedFor("sync").map((input) => input.cursor)).toEqual([undefined, "2", "4", "6"]);
    server.cut();
    await clock.advance(MINUTE);
    expect(server.askedFor("sync").at(-1)).toEqual({ cursor: "8" });
    expect(messages()).toHaveLength(5);
    await client.close();
  });

  it("holds back what comes after a hole until the hole is filled", async () => {
    const chat = server.open("chat", "ann", "ben");
    const { client, messages, shown } = open();
    await clock.settle();
    server.say(chat, "ben", "one");
    server.deaf = true;
    server.say(chat, "ben", "two");
    server.say(chat, "ben", "three");
    server.deaf = false;
    server.say(chat, "ben", "four");
    expect(shown(chat)).toEqual(["1 one stored"]);
    await clock.advance(299);
    expect(shown(chat)).toEqual(["1 one stored"]);
    await clock.advance(1);
    expect(messages()).toEqual(["1 one", "2 two", "3 three", "4 four"]);
    expect(server.askedFor("GET /v1/chat/{id}/messages")).toEqual([{ after_seq: 1, limit: 200 }]);
    await client.close();
    expect(clock.waiting()).toBe(0);
  });

  it("tries again when a hole can't be filled", async () => {
    const chat = server.open("chat", "ann", "ben");
    const { client, messages } = open();
    await clock.settle();
    server.refusals.set("GET /v1/chat/{id}/messages", [
      { code: "database_unavailable", message: "", retry_after_ms: 2_000 },
    ]);
    server.deaf = true;
    server.say(chat, "ben", "one");
    server.deaf = false;
    server.say(chat, "ben", "two");
    await clock.advance(2_300);
    expect(messages()).toEqual([]);
    await clock.advance(1_000);
    expect(messages()).toEqual(["1 one", "2 two"]);
    await client.close();
  });

  it("never puts an older state over a newer one", async () => {
    const chat = server.open("chat", "ann", "ben");
    const { client, shown, told } = open();
    await clock.settle();
    const first = server.say(chat, "ben", "first");
    const second = server.edit(chat, 1, "second");
    server.tell({ name: "message_updated", payload: { chatId: chat, message: first } });
    server.tell({ name: "new_message", payload: first });
    server.tell({ name: "message_updated", payload: { chatId: chat, message: second } });
    expect(shown(chat)).toEqual(["1 second stored"]);
    expect(told.filter((one) => one.name.startsWith("message"))).toHaveLength(2);
    await client.close();
  });

  it("keeps a change of an old message for when it is loaded", async () => {
    const chat = server.open("chat", "ann", "ben");
    for (let seq = 1; seq <= 60; seq++) server.say(chat, "ben", `${seq}`);
    const stale = server.chats.get(chat)?.messages.slice(0, 40) ?? [];
    const { client, shown, told } = open();
    await clock.settle();
    expect(shown(chat)[0]).toBe("41 41 stored");
    server.edit(chat, 7, "edited");
    expect(told.filter((one) => one.name === "message_updated")).toEqual([]);
    // The page was read before the edit, and comes after it.
    server.history = { messages: stale, hasMore: false };
    expect(await client.loadOlder(chat)).toBe(false);
    expect(shown(chat)).toHaveLength(60);
    expect(shown(chat)[6]).toBe("7 edited stored");
    await client.close();
  });

  it("replaces everything after a reset, and tells no message twice", async () => {
    const chat = server.open("chat", "ann", "ben");
    const gone = server.open("gone", "ann", "ben");
    const { client, messages } = open();
    await clock.settle();
    server.say(chat, "ben", "one");
    server.cut();
    server.forgetCursors();
    server.chats.get(gone)?.members.splice(0, 1);
    server.say(chat, "ben", "two");
    await clock.advance(MINUTE);
    expect(client.chat(gone)).toBeUndefined();
    expect(client.chats().map((one) => one.id)).toEqual([chat]);
    expect(messages()).toEqual(["1 one", "2 two"]);
    await client.close();
  });

  it("learns of chats that it comes into, and forgets those that it is out of", async () => {
    const { client, messages } = open();
    await clock.settle();
    const chat = server.open("chat", "ben", "ann");
    server.say(chat, "ben", "welcome");
    await clock.settle();
    expect(messages()).toEqual(["1 welcome"]);
    expect(client.chat(chat)).toMatchObject({ unread_count: 1, last_seq: 1 });
    server.tell({ name: "member_removed", payload: { chatId: chat, userId: "ann", rev: 2 } });
    expect(client.chat(chat)).toBeUndefined();
    expect(client.unread()).toBe(0);
    await client.close();
  });

  it("gives the same objects until something changes", async () => {
    const chat = server.open("chat", "ann", "ben");
    const { client } = open();
    await clock.settle();
    const [chats, timeline] = [client.chats(), client.timeline(chat)];
    expect(client.chats()).toBe(chats);
    expect(client.timeline(chat)).toBe(timeline);
    server.say(chat, "ben", "hi");
    expect(client.chats()).not.toBe(chats);
    expect(client.timeline(chat)).not.toBe(timeline);
    await client.close();
  });
});

describe("reading", () => {
  it("counts at once, and tells the server the newest position once a second at most", async () => {
    const chat = server.open("chat", "ann", "ben");
    for (let seq = 1; seq <= 10; seq++) server.say(chat, "ben", `${seq}`);
    const { client, told } = open();
    await clock.settle();
    expect(client.unread()).toBe(10);
    for (let seq = 1; seq <= 9; seq++) client.markRead(chat, seq);
    expect(client.unread()).toBe(1);
    client.markRead(chat, 3);
    expect(client.chat(chat)?.unread_count).toBe(1);
    await clock.advance(5_000);
    expect(server.askedFor("mark_messages_read").map((input) => input.messageIds)).toEqual([
      ["chat-1"],
      ["chat-9"],
    ]);
    client.markRead(chat);
    expect(told.at(-1)).toEqual({ name: "unread", event: { chatId: chat, unread: 0, total: 0 } });
    await client.close();
  });

  it("is told after the next connect when there was none", async () => {
    const chat = server.open("chat", "ann", "ben");
    server.say(chat, "ben", "hi");
    const { client } = open();
    await clock.settle();
    server.cut();
    client.markRead(chat);
    await clock.advance(MINUTE);
    expect(server.askedFor("mark_messages_read")).toHaveLength(1);
    await client.close();
  });

  it("follows the others, and my other devices", async () => {
    const chat = server.open("chat", "ann", "ben");
    const { client, told } = open();
    await clock.settle();
    server.say(chat, "ben", "hi");
    const payload = { chatId: chat, messageIds: [], timestamp: "" };
    server.tell({ name: "messages_read", payload: { ...payload, userId: "ann", readSeq: 1 } });
    expect(client.unread()).toBe(0);
    server.tell({ name: "messages_read", payload: { ...payload, userId: "ann", readSeq: 0 } });
    expect(client.unread()).toBe(0);
    expect(told).toContainEqual({ name: "read", event: { chatId: chat, userId: "ben", readSeq: 1 } });
    expect(client.chat(chat)?.members).toContainEqual(
      expect.objectContaining({ user_id: "ben", read_seq: 1 }),
    );
    await client.close();
  });
});

describe("typing", () => {
  it("is told at most every two seconds, and ends with the message", async () => {
    const chat = server.open("chat", "ann", "ben");
    const { client } = open();
    await clock.settle();
    for (let key = 0; key < 50; key++) {
      client.typing(chat);
      await clock.advance(100);
    }
    client.send(chat, "done");
    client.typing(chat, false);
    await clock.settle();
    const actions = server.askedFor("typing_indicator").map((input) => input.action);
    expect(actions).toEqual(["start", "start", "start", "stop"]);
    await client.close();
  });

  it("of others ends when the connection does", async () => {
    const chat = server.open("chat", "ann", "ben");
    const { client } = open();
    await clock.settle();
    server.tell({
      name: "typing_indicator",
      payload: { chatId: chat, userId: "ben", role: "user", action: "start", timestamp: "" },
    });
    expect(client.typists(chat)).toEqual(["ben"]);
    server.cut();
    await clock.settle();
    expect(client.typists(chat)).toEqual([]);
    await client.close();
  });
});
