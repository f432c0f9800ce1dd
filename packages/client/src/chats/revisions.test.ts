import type { MessageShape } from "@parley/contracts";
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
  chat = server.open("chat", "ann", "ben", "cid");
  server.say(chat, "ben", "first");
});

const open = (parts: Parameters<typeof openTestClient>[1] = {}) => openTestClient({ clock, server }, parts);
const syncs = () => server.askedFor("sync").length;

/** Changes that this client is not told of. */
function unheard(change: () => void): void {
  server.deaf = true;
  change();
  server.deaf = false;
}

describe("a hole in a chat's revisions", () => {
  it("is noticed by the next change of any kind, and what was missed is there shortly after", async () => {
    const { client, shown } = open();
    await clock.settle();
    server.say(chat, "ben", "second");
    for (const next of [
      () => void server.say(chat, "ben", "next"),
      () => void server.edit(chat, 2, "next"),
      () => void server.move("read", { chatId: chat, userId: "cid", seq: 1 }),
      () => void server.move("delivered", { chatId: chat, userId: "cid", seq: 2 }),
      () => server.add(chat, "dee"),
      () => server.remove(chat, "dee"),
    ]) {
      await clock.advance(MINUTE);
      const text = `edited ${syncs()}`;
      unheard(() => server.edit(chat, 1, text));
      next();
      expect(shown(chat)[0]).not.toContain(text);
      await clock.advance(6_000);
      expect(shown(chat)[0]).toContain(text);
    }
    await client.close();
    expect(clock.waiting()).toBe(0);
  });

  it("is none when answers and live changes overtake each other, or are mine", async () => {
    const { client } = open();
    await clock.settle();
    server.say(chat, "ben", "second");
    const before = syncs();
    client.markRead(chat);
    await clock.settle();
    const late: MessageShape[] = [];
    unheard(() => late.push(server.say(chat, "ben", "third")));
    server.edit(chat, 1, "edited");
    for (const payload of late) server.tell({ name: "new_message", payload });
    await client.send(chat, "mine").stored();
    client.markRead(chat);
    server.say(chat, "ben", "fourth");
    // The read mark that waits, the report of the delivery, and whatever a hole would have asked for.
    await clock.advance(MINUTE);
    expect(syncs()).toBe(before);
    await client.close();
  });

  it("that means nothing is closed by one catch-up, and the next ones wait ever longer", async () => {
    const { client } = open();
    await clock.settle();
    server.say(chat, "ben", "second");
    const before = syncs();
    const state = server.chats.get(chat);
    if (state === undefined) throw new Error("there is no chat");
    // A change that is not for my eyes, with each message.
    const second = async () => {
      state.rev++;
      server.say(chat, "ben", "and on");
      await clock.advance(1_000);
    };
    await second();
    await clock.advance(4_000);
    expect(syncs()).toBe(before + 1);
    await clock.advance(MINUTE);
    expect(syncs()).toBe(before + 1);
    for (let at = 0; at < 600; at++) await second();
    // After 5, 10, 20, 40, 80, 160 and 300 seconds, and the catch-up that follows live changes within minutes.
    expect(syncs() - before).toBeLessThanOrEqual(11);
    expect(syncs() - before).toBeGreaterThanOrEqual(7);
    const fruitless = syncs();
    unheard(() => server.edit(chat, 1, "edited"));
    for (let at = 0; at < 310; at++) await second();
    expect(client.timeline(chat)[0]?.message.content).toBe("edited");
    // One that brings something makes the next ones hurry again.
    expect(syncs() - fruitless).toBeLessThanOrEqual(9);
    await client.close();
  });

  it("in many chats costs one catch-up", async () => {
    const others = Array.from({ length: 20 }, (_, index) => server.open(`other ${index}`, "ann", "ben"));
    const { client } = open();
    await clock.settle();
    for (const id of others) server.say(id, "ben", "one");
    const before = syncs();
    for (const id of others) {
      unheard(() => server.edit(id, 1, "edited"));
      server.say(id, "ben", "two");
    }
    await clock.advance(MINUTE);
    expect(others.map((id) => client.timeline(id)[0]?.message.content)).toEqual(others.map(() => "edited"));
    expect(syncs()).toBe(before + 1);
    await client.close();
  });

  it("is not looked for where the server does not tell revisions", async () => {
    const { client } = open();
    await clock.settle();
    const before = syncs();
    const told = { chatId: chat, messageIds: [], timestamp: "" };
    const state = server.chats.get(chat);
    for (let seq = 2; seq <= 4; seq++) {
      server.say(chat, "ben", `${seq}`);
      server.tell({ name: "messages_read", payload: { ...told, userId: "cid", readSeq: seq } });
      if (state !== undefined) state.rev++;
    }
    await clock.advance(MINUTE);
    expect(syncs()).toBe(before);
    // The next server may be one that does.
    server.cut();
    await clock.advance(MINUTE);
    server.say(chat, "ben", "5");
    unheard(() => server.edit(chat, 1, "edited"));
    server.say(chat, "ben", "6");
    await clock.advance(MINUTE);
    expect(client.timeline(chat)[0]?.message.content).toBe("edited");
    await client.close();
  });
});
