import { beforeEach, describe, expect, it } from "vitest";
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
const reports = () => server.askedFor("mark_delivered");

describe("what has got to this device", () => {
  it("is reported once a second at most, the newest of each chat", async () => {
    const other = server.open("other", "ann", "ben");
    const { client } = open();
    await clock.advance(MINUTE);
    for (let seq = 1; seq <= 20; seq++) {
      server.say(chat, "ben", `${seq}`);
      await clock.advance(100);
    }
    server.say(other, "ben", "hi");
    await clock.advance(MINUTE);
    expect(reports()).toEqual([
      { chatId: chat, seq: 10 },
      { chatId: chat, seq: 20 },
      { chatId: other, seq: 1 },
    ]);
    expect(server.chats.get(chat)?.delivered.get("ann")).toBe(20);
    await client.close();
    expect(clock.waiting()).toBe(0);
  });

  it("is reported, too, when it was caught up with, at the start and after a loss", async () => {
    server.say(chat, "ben", "1");
    const { client } = open();
    await clock.advance(MINUTE);
    expect(reports()).toEqual([{ chatId: chat, seq: 1 }]);
    server.cut();
    server.say(chat, "ben", "2");
    await clock.advance(MINUTE);
    expect(reports().at(-1)).toEqual({ chatId: chat, seq: 2 });
    await client.close();
    const again = open();
    await clock.advance(MINUTE);
    expect(reports()).toHaveLength(2);
    await again.client.close();
  });

  it("is reported by clients that come back together at different times", async () => {
    server.say(chat, "ben", "1");
    const { client } = open({ random: () => 0.9 });
    await clock.advance(4_500);
    expect(reports()).toEqual([]);
    await clock.advance(200);
    expect(reports()).toHaveLength(1);
    await client.close();
  });

  it("is not reported when it is mine, behind a hole, or read already", async () => {
    const { client } = open();
    await clock.settle();
    client.send(chat, "mine");
    await clock.advance(MINUTE);
    server.say(chat, "ben", "answered at once");
    client.send(chat, "my answer");
    await clock.advance(MINUTE);
    server.say(chat, "ben", "read at once");
    client.markRead(chat);
    await clock.advance(MINUTE);
    server.move("read", { chatId: chat, userId: "ann", seq: server.say(chat, "ben", "read elsewhere").seq });
    await clock.advance(MINUTE);
    server.refusals.set(
      "GET /v1/chat/{id}/messages",
      Array.from({ length: 1_000 }, () => ({ code: "database_unavailable", message: "" })),
    );
    server.refusals.set(
      "sync",
      Array.from({ length: 1_000 }, () => ({ code: "database_unavailable", message: "" })),
    );
    server.deaf = true;
    server.say(chat, "ben", "unheard");
    server.deaf = false;
    server.say(chat, "ben", "behind the hole");
    await clock.advance(MINUTE);
    expect(reports()).toEqual([]);
    await client.close();
  });

  it.each([
    { reader: "reading in private", told: [{ chatId: "chat", seq: 1 }] },
    { reader: "reading in public", told: [] },
  ])(
    "waits for what is being told as read, and is reported where that tells the others nothing: $reader",
    async (one) => {
      if (one.told.length > 0) server.privateReaders.add("ann");
      const { client } = open();
      await clock.settle();
      server.refusals.set("mark_messages_read", [
        { code: "overloaded", message: "", retry_after_ms: 5_000 },
        { code: "overloaded", message: "", retry_after_ms: 5_000 },
      ]);
      server.say(chat, "ben", "hi");
      client.markRead(chat);
      await clock.advance(9_000);
      expect(reports()).toEqual([]);
      await clock.advance(MINUTE);
      expect(reports()).toEqual(one.told);
      await client.close();
    },
  );

  it("is not reported again of a chat whose positions the server does not keep", async () => {
    server.largeChats.add(chat);
    const { client } = open();
    await clock.settle();
    for (let seq = 1; seq <= 10; seq++) {
      server.say(chat, "ben", `${seq}`);
      await clock.advance(5_000);
    }
    expect(reports()).toHaveLength(1);
    await client.close();
  });

  it("is not reported to a server that does not know of it, until the next connection", async () => {
    server.unknown.add("mark_delivered");
    const { client, told } = open();
    await clock.settle();
    for (let seq = 1; seq <= 10; seq++) {
      server.say(chat, "ben", `${seq}`);
      await clock.advance(5_000);
    }
    expect(reports()).toHaveLength(1);
    expect(told.filter((one) => one.name === "trouble")).toEqual([]);
    server.unknown.clear();
    server.cut();
    await clock.advance(MINUTE);
    expect(reports().at(-1)).toEqual({ chatId: chat, seq: 10 });
    await client.close();
  });

  it("is reported again when it failed in passing, and not when it was refused", async () => {
    const { client } = open();
    await clock.settle();
    server.refusals.set("mark_delivered", [
      { code: "overloaded", message: "", retry_after_ms: 1_000 },
      { code: "database_unavailable", message: "" },
    ]);
    server.say(chat, "ben", "1");
    await clock.advance(MINUTE);
    expect(reports().map((input) => input.seq)).toEqual([1, 1, 1]);
    server.refusals.set("mark_delivered", [{ code: "chat_not_found", message: "" }]);
    server.say(chat, "ben", "2");
    await clock.advance(MINUTE);
    expect(reports().map((input) => input.seq)).toEqual([1, 1, 1, 2]);
    await client.close();
  });
});

describe("what has got to the others", () => {
  it("is told as it happens, and after it was missed, and reading includes it", async () => {
    const { client, told } = open();
    await clock.settle();
    for (const text of ["1", "2", "3"]) await client.send(chat, text).stored();
    const position = () => client.chat(chat)?.members.find((one) => one.user_id === "ben")?.delivered_seq;
    server.move("delivered", { chatId: chat, userId: "ben", seq: 1 });
    expect(position()).toBe(1);
    server.cut();
    server.move("delivered", { chatId: chat, userId: "ben", seq: 2 });
    await clock.advance(MINUTE);
    expect(position()).toBe(2);
    server.move("read", { chatId: chat, userId: "ben", seq: 3 });
    expect(position()).toBe(3);
    expect(told.filter((one) => one.name === "delivered").map((one) => one.event)).toEqual([
      { chatId: chat, userId: "ben", deliveredSeq: 1 },
      { chatId: chat, userId: "ben", deliveredSeq: 2 },
    ]);
    await client.close();
  });
});
