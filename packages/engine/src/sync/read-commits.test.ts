import { createTestDatabase, openTestEngine, type TestDatabase, type TestEngine } from "@parley/testing";
import { Client } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createChat } from "../chats/create-chat.js";
import { addMembers } from "../members/add-members.js";
import { editMessage } from "../messages/edit-message.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";
import { markRead } from "../receipts/mark-read.js";
import { pruneCommits, readCommitLogEnd, readCommits } from "./read-commits.js";

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

const newGroup = async () => {
  const request = { type: "group" as const, name: "test", memberIds: ["bob"] };
  return (await createChat(node.engine, { actor: alice, request })).id;
};

const say = (chatId: string, content: string) =>
  sendMessage(node.engine, { actor: alice, chatId, draft: { content, type: "text" } });

it("tells which chats every kind of change has touched, up to where, and who came", async () => {
  const since = await readCommitLogEnd(node.engine);
  const chatId = await newGroup();
  const first = await say(chatId, "1");
  await Promise.all(Array.from({ length: 20 }, (_, index) => say(chatId, `${index}`)));
  await editMessage(node.engine, { actor: alice, chatId, messageId: first.id, content: "changed" });
  await markRead(node.engine, { actor: bob, chatId, messageIds: [first.id] });
  await addMembers(node.engine, { actor: alice, chatId, userIds: ["carol", "dave"] });
  const { commits, next } = await readCommits(node.engine, since);
  expect(Math.max(...commits.map((commit) => commit.rev))).toBe(26);
  expect(commits.filter((commit) => commit.joined.length > 0)).toEqual([
    { chatId, rev: 1, seq: 0, joined: ["alice", "bob"], before: { rev: 0, seq: 0 } },
    { chatId, rev: 26, seq: 21, joined: ["carol", "dave"], before: { rev: 24, seq: 21 } },
  ]);
  expect((await readCommits(node.engine, next)).commits).toEqual([]);
});

it("finds what a slow transaction commits after it was asked", async () => {
  const chatId = await newGroup();
  const slow = new Client({ connectionString: database.url });
  await slow.connect();
  await slow.query("BEGIN");
  await slow.query(
    "INSERT INTO commits (chat_ids, revs, seqs) VALUES (ARRAY[$1::uuid], ARRAY[99], ARRAY[9])",
    [chatId],
  );
  await say(chatId, "later, but sooner committed");
  const { next } = await readCommits(node.engine, await readCommitLogEnd(node.engine));
  await slow.query("COMMIT");
  await slow.end();
  const { commits } = await readCommits(node.engine, next);
  expect(commits).toContainEqual({ chatId, rev: 99, seq: 9, joined: [], before: null });
});

it("is pruned by age", async () => {
  const chatId = await newGroup();
  await say(chatId, "1");
  await node.engine.database.pool.query(
    "UPDATE commits SET created_at = now() - interval '1 hour' WHERE $1 = ANY (chat_ids) AND joined <> '{}'",
    [chatId],
  );
  expect(await pruneCommits(node.engine, 600_000)).toBe(1);
  const { commits } = await readCommits(node.engine, "0");
  expect(commits.filter((commit) => commit.chatId === chatId)).toHaveLength(1);
});
