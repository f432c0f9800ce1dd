import {
  createTestDatabase,
  openTestEngine,
  type TestDatabase,
  type TestEngine,
  until,
} from "@parley/testing";
import { Client } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createChat } from "../chats/create-chat.js";
import { addMembers } from "../members/add-members.js";
import { editMessage } from "../messages/edit-message.js";
import { sendMessage } from "../messages/send-message.js";
import { sweepNotifications } from "../notifications/sweep-notifications.js";
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
  const since = await readCommitLogEnd(node.engine);
  const other = await newGroup();
  const told = await readCommits(node.engine, since);
  expect(told.commits.map((commit) => commit.chatId)).toEqual([other]);
  const { commits: again, next } = await readCommits(node.engine, told.next);
  expect(again, "told once, though an older transaction is open").toEqual([]);
  await slow.query("COMMIT");
  await slow.end();
  const { commits } = await readCommits(node.engine, next);
  expect(commits).toContainEqual({ chatId, rev: 99, seq: 9, joined: [], before: null });
});

it("is pruned by age, but not before the sweeper of notifications has read it, for a day", async () => {
  const chatId = await newGroup();
  await say(chatId, "1");
  const age = (interval: string) =>
    node.engine.database.pool.query(
      "UPDATE commits SET created_at = now() - $2::interval WHERE $1 = ANY (chat_ids) AND joined <> '{}'",
      [chatId, interval],
    );
  const stored = async () =>
    (await readCommits(node.engine, "1:1:")).commits.filter((commit) => commit.chatId === chatId).length;
  await age("1 hour");
  expect(await pruneCommits(node.engine, 600_000)).toBe(0);
  await until(async () => {
    // A transaction of another database on the server can hold the sweeper's cursor back for a while.
    await sweepNotifications(node.engine);
    return (await pruneCommits(node.engine, 600_000)) === 1;
  }, "the sweeper has read it");
  expect(await stored()).toBe(1);
  const other = await newGroup();
  const aged = "UPDATE commits SET created_at = now() - interval '25 hours' WHERE $1 = ANY (chat_ids)";
  await node.engine.database.pool.query(aged, [other]);
  expect(await pruneCommits(node.engine, 600_000)).toBe(1);
});
