import { openTestNode, type TestNode, until } from "@parley/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createChat } from "../chats/create-chat.js";
import { removeMember } from "../members/remove-member.js";
import { deleteMessage } from "../messages/delete-message.js";
import { sendMessage } from "../messages/send-message.js";
import { markRead } from "../receipts/mark-read.js";
import { type IntegrityFault, verifyChats } from "./verify-chats.js";

const alice = { userId: "alice", role: "user" };
const bob = { userId: "bob", role: "user" };

let test: TestNode;

beforeAll(async () => {
  test = await openTestNode();
});

afterAll(() => test.close());

/** A chat in which everything has happened that moves a number. */
async function busyChat(): Promise<string> {
  const request = { type: "group" as const, name: "audit", memberIds: ["bob", "carol"] };
  const { id: chatId } = await createChat(test.engine, { actor: alice, request });
  const texts = Array.from({ length: 10 }, (_, place) => `text ${place}`);
  const messages = await Promise.all(
    texts.map((content) =>
      sendMessage(test.engine, { actor: alice, chatId, draft: { content, type: "text" } }),
    ),
  );
  const [first, second] = messages.map(({ id }) => id);
  await deleteMessage(test.engine, { actor: alice, chatId, messageId: first ?? "" });
  await markRead(test.engine, { actor: bob, chatId, messageIds: [second ?? ""] });
  await removeMember(test.engine, { actor: alice, chatId, userId: "carol" });
  return chatId;
}

const run: TestNode["run"] = (statement, values) => test.run(statement, values);

/**
 * Verifies from the start until `chats` chats have been seen: transactions of other tests on the same server that are still open
 * make the audit wait.
 */
async function verifyAll(chats: number): Promise<IntegrityFault[]> {
  return until(async () => {
    const found = await verifyChats(test.engine, { limit: 1_000 });
    return found.checked >= chats && found.faults;
  }, `the audit has seen ${chats} chats`);
}

it("finds nothing in chats that were used, whatever happened in them", async () => {
  const chats = await Promise.all([busyChat(), busyChat(), busyChat()]);
  expect(await verifyAll(chats.length)).toEqual([]);
});

it("finds nothing while messages are being written", async () => {
  const chatId = await busyChat();
  let sending = true;
  const sends = (async () => {
    for (let sent = 0; sending; sent++)
      await sendMessage(test.engine, { actor: alice, chatId, draft: { content: `${sent}`, type: "text" } });
  })();
  for (let run = 0; run < 30; run++)
    expect((await verifyChats(test.engine, { limit: 1_000 })).faults).toEqual([]);
  sending = false;
  await sends;
});

it.each<[IntegrityFault["rule"], string, string]>([
  ["seq_gap", "a missing row", "DELETE FROM messages WHERE chat_id = $1 AND seq = 5"],
  ["seq_gap", "a missing last row", "DELETE FROM messages WHERE chat_id = $1 AND seq = 10"],
  ["seq_gap", "a row beyond the end", "UPDATE messages SET seq = 12 WHERE chat_id = $1 AND seq = 10"],
  ["seq_gap", "a row before the start", "UPDATE messages SET seq = 0 WHERE chat_id = $1 AND seq = 3"],
  ["seq_gap", "a count that ran ahead", "UPDATE chats SET last_seq = last_seq + 1 WHERE id = $1"],
  ["rev_ahead", "a message", "UPDATE messages SET rev = 1000 WHERE chat_id = $1 AND seq = 4"],
  ["rev_ahead", "a member", "UPDATE members SET rev = 1000 WHERE chat_id = $1 AND user_id = 'bob'"],
  ["member_count", "too many", "UPDATE chats SET member_count = member_count + 1 WHERE id = $1"],
  ["member_count", "too few", "UPDATE members SET left_at = NULL WHERE chat_id = $1 AND user_id = 'carol'"],
  ["read_ahead", "read", "UPDATE members SET read_seq = 11 WHERE chat_id = $1 AND user_id = 'bob'"],
  ["read_ahead", "delivered", "UPDATE members SET delivered_seq = 11 WHERE chat_id = $1 AND user_id = 'bob'"],
])("finds %s: %s", async (rule, _, damage) => {
  const chatId = await busyChat();
  await run(damage, [chatId]);
  const faults = await until(async () => {
    const found = await verifyChats(test.engine, { limit: 1_000 });
    return found.faults.length > 0 && found.faults;
  }, "the audit finds the damage");
  expect(faults).toEqual([{ chatId, rule }]);
  await run("DELETE FROM chats WHERE id = $1", [chatId]);
});

it("finds a gap far into a long chat", async () => {
  const chatId = await busyChat();
  await run(
    `INSERT INTO messages (id, chat_id, seq, rev, sender_id, sender_role, type, content)
     SELECT gen_random_uuid(), $1, seq, 1, 'alice', 'user', 'text', '' FROM generate_series(11, 25000) seq`,
    [chatId],
  );
  await run("UPDATE chats SET last_seq = 25000 WHERE id = $1", [chatId]);
  const [{ chats } = { chats: 0 }] = await run<{ chats: number }>("SELECT count(*)::int AS chats FROM chats");
  expect(await verifyAll(chats)).toEqual([]);
  await run("DELETE FROM messages WHERE chat_id = $1 AND seq = 24000", [chatId]);
  expect(await verifyAll(chats)).toEqual([{ chatId, rule: "seq_gap" }]);
  await run("DELETE FROM chats WHERE id = $1", [chatId]);
});

it("goes on where the last run ended, and sees what changed since", async () => {
  await run("DELETE FROM chats", []);
  const chats: string[] = [];
  for (let made = 0; made < 7; made++) chats.push(await busyChat());
  await verifyAll(7);
  const first = await verifyChats(test.engine, { limit: 7 });
  expect(first).toMatchObject({ checked: 7 });
  const nothing = await verifyChats(test.engine, { limit: 3, after: first.next });
  expect(nothing).toEqual({ checked: 0, faults: [], next: first.next, caughtUp: true });

  // The two that changed come next, the others not again.
  for (const chatId of chats.slice(2, 4))
    await sendMessage(test.engine, { actor: bob, chatId, draft: { content: "again", type: "text" } });
  let { next } = first;
  let checked = 0;
  await until(async () => {
    const page = await verifyChats(test.engine, { limit: 1, after: next });
    next = page.next;
    checked += page.checked;
    return checked === 2 && page.checked === 0;
  }, "both changed chats have been looked at");
});

it("without a place to go on from, begins with the chats changed last", async () => {
  await run("DELETE FROM chats", []);
  const chats: string[] = [];
  for (let made = 0; made < 5; made++) chats.push(await busyChat());
  await verifyAll(5);
  await run("UPDATE chats SET member_count = 99 WHERE id = ANY ($1)", [[chats[0], chats[4]]]);
  const { faults, checked } = await verifyChats(test.engine, { limit: 2 });
  expect(checked).toBe(2);
  expect(faults).toEqual([{ chatId: chats[4], rule: "member_count" }]);
});
