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
  chat = server.open("chat", "ben", "cid");
  server.say(chat, "ben", "before");
});

const open = (parts: Parameters<typeof openTestClient>[1] = {}) => openTestClient({ clock, server }, parts);

describe.each([
  { name: "by its place", joinedSeq: true },
  { name: "by its time, from a server that does not tell the place", joinedSeq: false },
])("an arrival that is known $name", ({ joinedSeq }) => {
  beforeEach(() => {
    server.joinedSeq = joinedSeq;
  });

  it("makes news of what is said from then on, and history of the rest", async () => {
    const { client, messages, shown } = open();
    await clock.settle();
    server.add(chat, "ann");
    server.say(chat, "ben", "welcome");
    await clock.settle();
    server.say(chat, "cid", "hi");
    await clock.settle();
    expect(messages()).toEqual(["2 welcome", "3 hi"]);
    expect(shown(chat)).toEqual(["1 before stored", "2 welcome stored", "3 hi stored"]);
    await client.close();
  });

  it("may be noticed by the catch-up only, after I have spoken there myself", async () => {
    const { client, messages } = open();
    await clock.settle();
    server.cut();
    server.add(chat, "ann");
    server.say(chat, "ben", "welcome");
    // On another device: what I have read is no measure of what this one has told.
    server.say(chat, "ann", "thanks");
    server.edit(chat, 1, "edited after I came");
    server.say(chat, "cid", "hi");
    await clock.advance(MINUTE);
    expect(messages()).toEqual(["2 welcome", "3 thanks", "4 hi"]);
    await client.close();
  });

  it("may be noticed by the acknowledgement of my first message", async () => {
    const { client, messages, shown } = open();
    await clock.settle();
    server.deaf = true;
    server.add(chat, "ann");
    server.say(chat, "ben", "welcome");
    const sending = client.send(chat, "thanks");
    await clock.settle();
    expect(await sending.stored()).toMatchObject({ seq: 3 });
    server.deaf = false;
    expect(messages()).toEqual(["2 welcome", "3 thanks"]);
    server.say(chat, "cid", "hi");
    await clock.settle();
    expect(messages()).toEqual(["2 welcome", "3 thanks", "4 hi"]);
    expect(shown(chat)).toHaveLength(4);
    await client.close();
  });

  it("may be noticed by a message", async () => {
    const { client, messages } = open();
    await clock.settle();
    server.deaf = true;
    server.add(chat, "ann");
    server.say(chat, "ben", "welcome");
    server.deaf = false;
    server.say(chat, "cid", "hi");
    await clock.settle();
    expect(messages()).toEqual(["2 welcome", "3 hi"]);
    await client.close();
  });

  it("with the chat makes everything in it news", async () => {
    const { client, messages } = open();
    await clock.settle();
    server.deaf = true;
    const fresh = server.open("fresh", "ben", "ann");
    for (const text of ["one", "two"]) server.say(fresh, "ben", text);
    server.deaf = false;
    server.say(fresh, "ann", "three, from another device");
    await clock.settle();
    expect(messages()).toEqual(["1 one", "2 two", "3 three, from another device"]);
    await client.close();
  });

  it("again tells nothing twice, and goes on after what was told before", async () => {
    const { client, messages } = open();
    await clock.settle();
    server.add(chat, "ann");
    server.say(chat, "ben", "welcome");
    await clock.settle();
    server.remove(chat, "ann");
    server.say(chat, "ben", "among ourselves");
    expect(client.chat(chat)).toBeUndefined();
    server.add(chat, "ann");
    server.say(chat, "ben", "welcome back");
    await clock.settle();
    expect(messages()).toEqual(["2 welcome", "4 welcome back"]);
    await client.close();
  });
});

it("the messages of the first snapshot are history, also those after the arrival", async () => {
  server.add(chat, "ann");
  server.say(chat, "ben", "welcome");
  const { client, messages, shown } = open();
  await clock.settle();
  expect(messages()).toEqual([]);
  expect(shown(chat)).toHaveLength(2);
  await client.close();
});

it("news of a removal that comes after my return is known loses nothing and doubles nothing", async () => {
  const { client, messages } = open();
  await clock.settle();
  server.add(chat, "ann");
  server.say(chat, "ben", "welcome");
  await clock.settle();
  // Both happened before the next catch-up, which tells of the return alone; their events come late.
  server.deaf = true;
  server.remove(chat, "ann");
  server.add(chat, "ann");
  server.say(chat, "ben", "welcome back");
  server.cut();
  await clock.advance(MINUTE);
  server.deaf = false;
  expect(messages()).toEqual(["2 welcome", "3 welcome back"]);
  const syncs = server.askedFor("sync").length;
  server.tell({ name: "member_removed", payload: { chatId: chat, userId: "ann", rev: 6 } });
  server.tell({ name: "member_added", payload: { chatId: chat, userId: "ann", rev: 7 } });
  await clock.settle();
  expect(client.chat(chat)?.members.map((one) => one.user_id)).toEqual(["ben", "cid", "ann"]);
  server.say(chat, "cid", "hi");
  expect(messages()).toEqual(["2 welcome", "3 welcome back", "4 hi"]);
  await clock.advance(MINUTE);
  // Once since the cursor, once from the beginning.
  expect(server.askedFor("sync").length).toBe(syncs + 2);
  await client.close();
});

it("a chat that comes back by a change alone comes whole", async () => {
  server.add(chat, "ann");
  const { client, messages, shown } = open();
  await clock.settle();
  server.say(chat, "ben", "two");
  await clock.settle();
  server.cut();
  await clock.advance(MINUTE);
  server.tell({ name: "member_removed", payload: { chatId: chat, userId: "ann", rev: 0 } });
  expect(client.chat(chat)).toBeUndefined();
  server.say(chat, "ben", "three");
  await clock.settle();
  expect(client.chat(chat)?.members.map((one) => one.user_id)).toEqual(["ben", "cid", "ann"]);
  expect(shown(chat)).toHaveLength(3);
  expect(messages()).toEqual(["2 two", "3 three"]);
  await client.close();
});

it("after a snapshot, what was missed before its newest messages is told, too, in order", async () => {
  server.add(chat, "ann");
  const { client, messages } = open();
  await clock.settle();
  server.say(chat, "ben", "2");
  server.cut();
  server.forgetCursors();
  for (let seq = 3; seq <= 60; seq++) server.say(chat, "ben", `${seq}`);
  await clock.advance(MINUTE);
  expect(messages()).toEqual(Array.from({ length: 59 }, (_, index) => `${index + 2} ${index + 2}`));
  await client.close();
});
