import {
  createTestDatabase,
  openTestEngine,
  type TestDatabase,
  type TestEngine,
  until,
} from "@parley/testing";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createChat } from "../chats/create-chat.js";
import { addMembers } from "../members/add-members.js";
import { removeMember } from "../members/remove-member.js";
import { editMessage } from "../messages/edit-message.js";
import { reactToMessage } from "../messages/react-to-message.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";
import { markDelivered } from "../receipts/mark-delivered.js";
import { markRead } from "../receipts/mark-read.js";
import { type HolePosition, readMissed } from "./read-missed.js";
import { type SyncPage, syncChanges } from "./sync-changes.js";

const alice = { userId: "alice", role: "user" };
const bob = { userId: "bob", role: "user" };

let database: TestDatabase;
let node: TestEngine;

beforeAll(async () => {
  database = await createTestDatabase();
  node = openTestEngine(database.url);
});

afterAll(async () => {
  await closeEngine(node.engine);
  await database.drop();
});

async function newGroup(memberIds: string[], owner = alice): Promise<string> {
  const request = { type: "group" as const, name: "test", memberIds };
  return (await createChat(node.engine, { actor: owner, request })).id;
}

const say = (chatId: string, content: string, actor = alice) =>
  sendMessage(node.engine, { actor, chatId, draft: { content, type: "text" } });

/** All pages of one catch-up, put together. */
async function catchUp(actor: { userId: string; role: string }, cursor?: string, limit = 200) {
  const all = { messages: [] as SyncPage["messages"], members: [] as SyncPage["members"], resets: 0 };
  let page = await syncChanges(node.engine, { actor, cursor, limit });
  const receipts = [...page.receipts];
  for (;;) {
    all.messages.push(...page.messages);
    all.members.push(...page.members);
    all.resets += page.reset ? 1 : 0;
    if (!page.hasMore) return { ...all, receipts, cursor: page.cursor };
    page = await syncChanges(node.engine, { actor, cursor: page.cursor, limit });
    receipts.push(...page.receipts);
  }
}

describe("syncChanges", () => {
  it("brings new, edited and reacted messages, positions and members since the cursor, and then nothing", async () => {
    const chatId = await newGroup(["bob"]);
    const old = await say(chatId, "old");
    const quiet = await say(await newGroup(["bob"]), "quiet");
    const { cursor } = await catchUp(bob);
    const fresh = await say(chatId, "fresh");
    await editMessage(node.engine, { actor: alice, chatId, messageId: old.id, content: "edited" });
    await reactToMessage(node.engine, {
      actor: bob,
      chatId,
      messageId: fresh.id,
      emoji: "👍",
      remove: false,
    });
    await markRead(node.engine, { actor: bob, chatId, messageIds: [fresh.id] });
    await addMembers(node.engine, { actor: alice, chatId, userIds: ["carol"] });
    const news = await catchUp(bob, cursor);
    const told = new Map(news.messages.map((message) => [message.id, message]));
    expect(told.get(old.id)?.content).toBe("edited");
    expect(told.get(fresh.id)?.reactions).toEqual([{ emoji: "👍", count: 1, userIds: ["bob"] }]);
    expect(told.has(quiet.id)).toBe(false);
    expect(news.receipts).toContainEqual({ chatId, userId: "bob", readSeq: 2, deliveredSeq: 2 });
    expect(news.members.map((member) => member.userId)).toContain("carol");
    expect(news.resets).toBe(0);
    expect((await catchUp(bob, news.cursor)).messages).toEqual([]);
  });

  it("does not skip what a slow transaction commits after the cursor was made", async () => {
    const chatId = await newGroup(["bob"]);
    await say(chatId, "before");
    const slow = new Client({ connectionString: database.url });
    await slow.connect();
    await slow.query("BEGIN");
    await slow.query(
      "UPDATE chats SET last_seq = 2, last_rev = 3, changed_xid = pg_current_xact_id() WHERE id = $1",
      [chatId],
    );
    await slow.query(
      `INSERT INTO messages (id, chat_id, seq, rev, sender_id, sender_role, type, content)
       VALUES (gen_random_uuid(), $1, 2, 3, 'alice', 'user', 'text', 'slow')`,
      [chatId],
    );
    // Later transactions commit first, in another chat, and the client catches up past them.
    const elsewhere = await newGroup(["bob"]);
    await say(elsewhere, "fast");
    const first = await catchUp(bob);
    expect(first.messages.map((message) => message.content)).toContain("fast");
    const second = await catchUp(bob, first.cursor);
    expect(second.messages.map((message) => message.content)).not.toContain("slow");
    await slow.query("COMMIT");
    await slow.end();
    const third = await catchUp(bob, second.cursor);
    expect(third.messages.map((message) => message.content)).toContain("slow");
  });

  it("goes on in pages through one long chat and many chats", async () => {
    const dora = { userId: "dora", role: "user" };
    const { cursor } = await catchUp(dora);
    const chats: string[] = [];
    // One after the other: on a busy machine so many would wait longer for a connection than a transaction may.
    for (let index = 0; index < 60; index++) chats.push(await newGroup(["dora"]));
    const sent = await Promise.all(chats.map((chatId) => say(chatId, "one")));
    const long = chats[30] ?? "";
    for (let index = 0; index < 25; index++) sent.push(await say(long, `${index}`));
    const news = await catchUp(dora, cursor, 7);
    expect(new Set(news.messages.map((message) => message.id))).toEqual(
      new Set(sent.map((message) => message.id)),
    );
    expect(news.messages).toHaveLength(sent.length);
  });

  it("goes on to what was said between two pages, which the connection that asks for the second has not heard", async () => {
    const first = await newGroup(["bob"]);
    const second = await newGroup(["bob"]);
    const { cursor } = await catchUp(bob);
    await say(first, "before");
    await say(second, "before, too");
    const page = await syncChanges(node.engine, { actor: bob, cursor, limit: 1 });
    expect(page).toMatchObject({ messages: [{ content: "before" }], hasMore: true });
    // The connection ends here, and the next one begins after this.
    await say(first, "between");
    const rest = await catchUp(bob, page.cursor, 1);
    expect(rest.messages.map(({ content }) => content)).toEqual(
      expect.arrayContaining(["before, too", "between"]),
    );
    expect((await catchUp(bob, rest.cursor)).messages.map(({ content }) => content)).not.toContain("before");
  });

  it("tells nothing twice while other transactions stay open, and what they commit in the end", async () => {
    const chatId = await newGroup(["bob"]);
    const { cursor } = await catchUp(bob);
    const holder = new Client({ connectionString: database.url });
    await holder.connect();
    await holder.query("BEGIN");
    await holder.query("UPDATE chats SET name = 'late', changed_xid = pg_current_xact_id() WHERE id = $1", [
      await newGroup(["bob"]),
    ]);
    for (const text of ["one", "two", "three"]) await say(chatId, text);
    const held = await catchUp(bob, cursor, 1);
    expect(held.messages.map(({ content }) => content)).toEqual(["one", "two", "three"]);
    await say(chatId, "four");
    const again = await catchUp(bob, held.cursor, 1);
    expect(again.messages.map(({ content }) => content)).toEqual(["four"]);
    const idle = await syncChanges(node.engine, { actor: bob, cursor: again.cursor, limit: 200 });
    expect(idle.chats).toEqual([]);
    await holder.query("COMMIT");
    await holder.end();
    const late = await syncChanges(node.engine, { actor: bob, cursor: idle.cursor, limit: 200 });
    expect(late.chats.map(({ name }) => name)).toEqual(["late"]);
  });

  it("leaves nothing out while more transactions are open than a cursor names", async () => {
    const olga = { userId: "olga", role: "user" };
    const chatId = await newGroup(["olga"]);
    const holders = Array.from({ length: 45 }, () => new Client({ connectionString: database.url }));
    for (const holder of holders) await holder.connect();
    const late: string[] = [];
    for (const holder of holders) {
      late.push(await newGroup(["olga"]));
      await holder.query("BEGIN");
      await holder.query("UPDATE chats SET name = 'late', changed_xid = pg_current_xact_id() WHERE id = $1", [
        late.at(-1),
      ]);
    }
    await say(chatId, "one");
    await say(chatId, "two");
    const held = await catchUp(olga, undefined, 1);
    expect(held.cursor.length).toBeLessThan(2_000);
    expect(held.messages.map(({ content }) => content)).toEqual(expect.arrayContaining(["one", "two"]));
    // The cursor is from before the last of them: what came after is told again, to an end.
    const again = await catchUp(olga, held.cursor, 1);
    expect(new Set(again.messages.map(({ content }) => content))).toEqual(new Set(["one", "two"]));
    for (const holder of holders) {
      await holder.query("COMMIT");
      await holder.end();
    }
    const told = await syncChanges(node.engine, { actor: olga, cursor: again.cursor, limit: 200 });
    const names = new Map(told.chats.map(({ id, name }) => [id, name]));
    for (const id of late) expect(names.get(id)).toBe("late");
  });

  it("tells somebody who was removed, and no more than that", async () => {
    const erin = { userId: "erin", role: "user" };
    const chatId = await newGroup(["erin"]);
    const { cursor } = await catchUp(erin);
    await removeMember(node.engine, { actor: alice, chatId, userId: "erin" });
    await say(chatId, "secret");
    const news = await catchUp(erin, cursor);
    expect(news.messages).toEqual([]);
    expect(news.members).toMatchObject([{ chatId, userId: "erin" }]);
    expect(news.members[0]?.leftAt).not.toBeNull();
  });

  it("tells a newcomer everything, also after another device of theirs has read, and then no more than the news", async () => {
    const fay = { userId: "fay", role: "user" };
    const chatId = await newGroup(["bob"]);
    for (let index = 1; index <= 5; index++) await say(chatId, `${index}`);
    const { cursor } = await catchUp(fay);
    await addMembers(node.engine, { actor: alice, chatId, userIds: ["fay"] });
    const newest = await say(chatId, "6");
    await markRead(node.engine, { actor: fay, chatId, messageIds: [newest.id] });
    const all = await catchUp(fay, cursor);
    expect(all.messages.map((message) => message.seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(all.members.map((member) => member.userId).toSorted()).toEqual(["alice", "bob", "fay"]);
    // Somebody who only listens gets each message once, too.
    const lurker = { userId: "lurker", role: "user" };
    await addMembers(node.engine, { actor: alice, chatId, userIds: ["lurker"] });
    const before = await catchUp(lurker);
    await say(chatId, "7");
    expect((await catchUp(lurker, before.cursor)).messages.map((message) => message.seq)).toEqual([7]);
  });

  it("begins anew with a cursor that it does not know", async () => {
    const chatId = await newGroup(["bob"]);
    await say(chatId, "hello");
    const { cursor: known } = await catchUp(bob);
    const parts = Buffer.from(known, "base64url").toString().split(" ");
    const forge = (...forged: string[]) => Buffer.from(forged.join(" ")).toString("base64url");
    // Another server; the same one on another timeline, as after a restore; another database of it.
    const other = (database: string, place: number) =>
      database
        .split(".")
        .map((part, index) => (index === place ? String(BigInt(part) + 1n) : part))
        .join(".");
    const forgeries = [
      forge("1", parts[1] ?? "", "123"),
      forge("2", parts[1] ?? "", "999999999999:999999999999:"),
      forge("2", parts[1] ?? "", "9:3:"),
      forge("2", "123", parts[2] ?? ""),
      ...[0, 1, 2].map((place) => forge("2", other(parts[1] ?? "", place), parts[2] ?? "")),
      forge("2", parts[1] ?? "", "1:1:", "1:1:", "-".repeat(36), "1", "f"),
      forge("2", parts[1] ?? "", "1:1:", "1:1:", chatId, "9999999999", "f"),
    ];
    for (const cursor of ["nonsense", "", ...forgeries]) {
      const page = await syncChanges(node.engine, { actor: bob, cursor, limit: 200 });
      expect(page.reset).toBe(true);
      expect(page.chats.map((chat) => chat.id)).toContain(chatId);
    }
  });
});

const readOne = async (position: HolePosition) =>
  (await readMissed(node.engine, [position])).get(position.chatId);

describe("readMissed", () => {
  it("reads many chats at once, each from its own place", async () => {
    const chats = await Promise.all([newGroup(["bob"]), newGroup(["bob"]), newGroup(["bob"])]);
    for (const chatId of chats) for (const content of ["1", "2"]) await say(chatId, content);
    const positions = chats.map((chatId, index) => ({ chatId, rev: index + 1, seq: index }));
    const missed = await readMissed(node.engine, positions);
    expect(chats.map((chatId) => missed.get(chatId)?.changes.map((change) => change.body.name))).toEqual([
      ["message.created", "message.created", "messages.read"],
      ["message.created", "messages.read"],
      [],
    ]);
  });

  it("gives a node what it has missed of a chat: new messages by number, then changes by revision", async () => {
    const chatId = await newGroup(["bob"]);
    const first = await say(chatId, "1");
    const position = { chatId, rev: first.rev, seq: first.seq };
    const second = await say(chatId, "2");
    await editMessage(node.engine, { actor: alice, chatId, messageId: first.id, content: "1b" });
    await editMessage(node.engine, { actor: alice, chatId, messageId: second.id, content: "2b" });
    await markRead(node.engine, { actor: bob, chatId, messageIds: [second.id] });
    await addMembers(node.engine, { actor: alice, chatId, userIds: ["carol"] });
    await say(chatId, "3", bob);
    const missed = await readOne(position);
    const names = missed?.changes.map(({ body }) =>
      "message" in body
        ? `${body.name} ${body.message.content}`
        : `${body.name} ${"userId" in body ? body.userId : ""}`,
    );
    expect(names?.filter((name) => name.startsWith("message."))).toEqual([
      "message.created 2b",
      "message.created 3",
      "message.updated 1b",
    ]);
    expect(names).toContain("member.added carol");
    expect(missed?.position).toEqual({ chatId, rev: 8, seq: 3 });
    for (const change of missed?.changes ?? []) {
      expect(change.audience?.toSorted()).toEqual(["alice", "bob", "carol"]);
    }
  });

  it("tells where members stand who have read or received since, those who have come since included", async () => {
    const chatId = await newGroup(["bob", "carol"]);
    for (const content of ["1", "2", "3"]) await say(chatId, content);
    const { id } = await say(chatId, "4");
    const position = { chatId, rev: 5, seq: 4 };
    expect((await readOne(position))?.changes).toEqual([]);
    const carol = { userId: "carol", role: "user" };
    await markDelivered(node.engine, { actor: bob, chatId, seq: 3 });
    await markRead(node.engine, { actor: carol, chatId, messageIds: [id] });
    await addMembers(node.engine, { actor: alice, chatId, userIds: ["dora"] });
    await markDelivered(node.engine, { actor: { userId: "dora", role: "user" }, chatId, seq: 4 });
    await say(chatId, "5");
    await markDelivered(node.engine, { actor: { userId: "dora", role: "user" }, chatId, seq: 5 });
    const changes = (await readOne(position))?.changes ?? [];
    const positions = changes.flatMap(({ rev, body }) => {
      if (body.name === "messages.read") return [`${rev} ${body.userId} has read ${body.readSeq}`];
      if (body.name === "messages.delivered") return [`${rev} ${body.userId} has ${body.deliveredSeq}`];
      return body.name === "member.added" ? [`${rev} ${body.userId} has come`] : [];
    });
    expect(positions).toEqual([
      "6 bob has read 0",
      "6 bob has 3",
      "7 carol has read 4",
      "8 dora has come",
      "9 alice has read 5",
      "10 dora has read 4",
      "10 dora has 5",
    ]);
    expect((await catchUp(alice)).receipts).toContainEqual({
      chatId,
      userId: "bob",
      readSeq: 0,
      deliveredSeq: 3,
    });
  });

  it("reads a long hole in pages without losing what changed besides", async () => {
    const chatId = await newGroup(["bob"]);
    const first = await say(chatId, "first");
    const position = { chatId, rev: first.rev, seq: first.seq };
    await Promise.all(Array.from({ length: 1_100 }, (_, index) => say(chatId, `${index}`)));
    await editMessage(node.engine, { actor: alice, chatId, messageId: first.id, content: "changed" });
    const seqs: number[] = [];
    const updates: string[] = [];
    let at: HolePosition = position;
    await until(async () => {
      const page = await readOne(at);
      for (const { body } of page?.changes ?? []) {
        if (body.name === "message.created") seqs.push(body.message.seq);
        if (body.name === "message.updated") updates.push(body.message.content);
      }
      at = page?.position ?? at;
      return page?.more === false;
    }, "the last page is read");
    expect(seqs).toEqual(Array.from({ length: 1_100 }, (_, index) => index + 2));
    expect(updates).toEqual(["changed"]);
  });
});
