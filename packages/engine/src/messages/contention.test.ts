import {
  createTestDatabase,
  openTestEngine,
  type TestDatabase,
  type TestEngine,
  until,
} from "@parley/testing";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { createChat } from "../chats/create-chat.js";
import { addMembers } from "../members/add-members.js";
import { closeEngine } from "../open-engine.js";
import { markRead } from "../receipts/mark-read.js";
import { deleteMessage } from "./delete-message.js";
import { editMessage } from "./edit-message.js";
import { listMessages } from "./list-messages.js";
import { reactToMessage } from "./react-to-message.js";
import { sendMessage } from "./send-message.js";

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

async function newGroup(memberIds = ["bob"]): Promise<string> {
  const request = { type: "group" as const, name: "test", memberIds };
  return (await createChat(node.engine, { actor: alice, request })).id;
}

const say = (chatId: string, content: string, actor = alice) =>
  sendMessage(node.engine, { actor, chatId, draft: { content, type: "text" } });

/** A transaction of somebody else that holds a chat until it is let go. */
async function holdChat(chatId: string) {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query("BEGIN");
  await client.query("SELECT 1 FROM chats WHERE id = $1 FOR UPDATE", [chatId]);
  return {
    client,
    letGo: async () => {
      await client.query("COMMIT");
      await client.end();
    },
  };
}

describe("a chat that somebody holds", () => {
  it("does not hold up the others, and gets its messages in their order when it is let go", async () => {
    // Nobody loses patience meanwhile, however long it takes.
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const held = await newGroup();
    const others = await Promise.all(Array.from({ length: 10 }, () => newGroup()));
    const holder = await holdChat(held);
    const waiting = Array.from({ length: 5 }, (_, index) => say(held, `${index}`));
    const answers = await Promise.all(others.map((chatId) => say(chatId, "hello")));
    expect(answers.map((message) => message.seq)).toEqual(others.map(() => 1));
    waiting.push(say(held, "5"));
    await Promise.all(others.map((chatId) => say(chatId, "again")));
    await holder.letGo();
    expect((await Promise.all(waiting)).map((message) => [message.seq, message.content])).toEqual(
      waiting.map((_, index) => [index + 1, `${index}`]),
    );
    expect(await say(held, "last")).toMatchObject({ seq: 7 });
  });

  it("for too long gets a refusal that can be tried again, from every operation", async () => {
    const held = await newGroup();
    const { id: messageId } = await say(held, "before");
    const holder = await holdChat(held);
    const at = { actor: alice, chatId: held, messageId };
    const results = await Promise.allSettled([
      say(held, "late"),
      editMessage(node.engine, { ...at, content: "late" }),
      markRead(node.engine, { actor: bob, chatId: held, messageIds: [messageId] }),
    ]);
    expect(results.map((result) => result.status === "rejected" && result.reason.code)).toEqual(
      results.map(() => "database_unavailable"),
    );
    await holder.letGo();
    expect(await say(held, "after")).toMatchObject({ seq: 2 });
  });

  it("is judged as it stands when it is let go: who was removed meanwhile changes nothing", async () => {
    const chatId = await newGroup();
    const { id: messageId } = await say(chatId, "bob's", bob);
    const holder = await holdChat(chatId);
    const at = { actor: bob, chatId, messageId };
    const changes = [
      editMessage(node.engine, { ...at, content: "changed" }),
      reactToMessage(node.engine, { ...at, emoji: "👍", remove: false }),
      deleteMessage(node.engine, at),
      say(chatId, "one more", bob),
    ];
    const settled = Promise.allSettled(changes);
    await until(async () => {
      const { rows } = await holder.client.query("SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted");
      return rows[0].n > 0;
    }, "somebody waits for the chat");
    await holder.client.query("UPDATE members SET left_at = now() WHERE chat_id = $1 AND user_id = 'bob'", [
      chatId,
    ]);
    await holder.letGo();
    expect((await settled).map((result) => result.status === "rejected" && result.reason.code)).toEqual(
      changes.map(() => "chat_not_found"),
    );
  });
});

it("a crowd on one message does not keep messages elsewhere from being stored", async () => {
  const people = Array.from({ length: 30 }, (_, index) => `fan-${index}`);
  const [crowded, quiet] = [await newGroup(people), await newGroup()];
  const { id: messageId } = await say(crowded, "like this");
  const reactions = people.flatMap((userId) =>
    ["👍", "🎉", "❤️"].map((emoji) =>
      reactToMessage(node.engine, {
        actor: { userId, role: "user" },
        chatId: crowded,
        messageId,
        emoji,
        remove: false,
      }),
    ),
  );
  expect(await say(quiet, "still fine")).toMatchObject({ seq: 1 });
  const last = (await Promise.all(reactions)).toSorted((left, right) => left.rev - right.rev).at(-1);
  expect(last?.reactions.map(({ count }) => count)).toEqual([30, 30, 30]);
});

it("a reader who comes back to a long backlog writes the newest reading times and moves at once", async () => {
  const chatId = await newGroup();
  await say(chatId, "first");
  await node.engine.database.pool.query(
    `INSERT INTO messages (id, chat_id, seq, rev, sender_id, sender_role, type, content)
     SELECT gen_random_uuid(), $1, n, n + 1, 'alice', 'user', 'text', 'backlog' FROM generate_series(2, 20000) n`,
    [chatId],
  );
  await node.engine.database.pool.query("UPDATE chats SET last_seq = 20000, last_rev = 20001 WHERE id = $1", [
    chatId,
  ]);
  expect(await say(chatId, "back again", bob)).toMatchObject({ seq: 20_001 });
  const { rows } = await node.engine.database.pool.query(
    "SELECT count(*)::int AS n FROM messages WHERE chat_id = $1 AND read_at IS NOT NULL",
    [chatId],
  );
  expect(rows[0].n).toBeGreaterThan(400);
  expect(rows[0].n).toBeLessThanOrEqual(500);
});

describe("retries", () => {
  it("whose first answer was lost after the commit are told to the chat", async () => {
    const chatId = await newGroup();
    const lost = openTestEngine(database.url);
    const draft = { content: "once", type: "text" as const, clientId: "c" };
    await sendMessage(lost.engine, { actor: alice, chatId, draft });
    await closeEngine(lost.engine);
    const original = await sendMessage(node.engine, { actor: alice, chatId, draft });
    const told = node.batches.flatMap((batch) => batch.changes).filter((change) => change.chatId === chatId);
    expect(told.at(-1)).toMatchObject({ rev: original.rev, body: { name: "message.created" } });
  });

  it("get the original also when another content under the same client id comes at the same moment", async () => {
    const chatId = await newGroup();
    const draft = (content: string) => ({ content, type: "text" as const, clientId: "c" });
    const first = await sendMessage(node.engine, { actor: alice, chatId, draft: draft("A") });
    const [other, retry] = await Promise.allSettled([
      sendMessage(node.engine, { actor: alice, chatId, draft: draft("B") }),
      sendMessage(node.engine, { actor: alice, chatId, draft: draft("A") }),
    ]);
    expect(other).toMatchObject({ status: "rejected", reason: { code: "client_id_reused" } });
    expect(retry).toMatchObject({ status: "fulfilled", value: { id: first.id } });
  });
});

it("pages far outside a chat are empty, not errors", async () => {
  const chatId = await newGroup();
  await say(chatId, "only");
  const positions = [
    { page: 20_000_000 },
    { beforeSeq: 0 },
    { afterSeq: 2_147_483_647 },
    { aroundSeq: 2_147_483_647 },
  ];
  for (const position of positions) {
    const page = await listMessages(node.engine, { actor: alice, chatId, limit: 200, position });
    expect(page.hasMore).toBe(false);
    expect(page.messages.length).toBeLessThanOrEqual(1);
  }
});

it("an operator who has left a group reads nothing by writing into it", async () => {
  const root = { userId: "root", role: "admin" };
  const chatId = await newGroup(["root"]);
  await say(chatId, "hello");
  await node.engine.database.pool.query(
    "UPDATE members SET left_at = now() WHERE chat_id = $1 AND user_id = 'root'",
    [chatId],
  );
  await say(chatId, "official", root);
  const page = { actor: alice, chatId, limit: 10, position: { page: 1 } };
  expect((await listMessages(node.engine, page)).messages[0]?.readAt).toBeNull();
  await addMembers(node.engine, { actor: alice, chatId, userIds: ["root"] });
  await say(chatId, "welcome back");
  await say(chatId, "as a member", root);
  const { messages } = await listMessages(node.engine, page);
  expect(messages.map((message) => message.readAt !== null)).toEqual([false, true, true, false]);
});
