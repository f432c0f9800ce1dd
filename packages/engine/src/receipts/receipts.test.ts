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
import { getChat } from "../chats/get-chat.js";
import { listMembers } from "../members/list-members.js";
import { listMessages } from "../messages/list-messages.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";
import { markDelivered } from "./mark-delivered.js";
import { markRead } from "./mark-read.js";
import { movePositions } from "./move-positions.js";

const alice = { userId: "alice", role: "user" };
const bob = { userId: "bob", role: "user" };
const carol = { userId: "carol", role: "user" };

let database: TestDatabase;
let nodes: [TestEngine, TestEngine];

beforeAll(async () => {
  database = await createTestDatabase();
  nodes = [openTestEngine(database.url), openTestEngine(database.url)];
});

afterAll(async () => {
  for (const node of nodes) await closeEngine(node.engine);
  await database.drop();
});

const engine = (node: 0 | 1 = 0) => nodes[node].engine;
const refusal = (code: string) => expect.objectContaining({ code });

/** A group of alice's with so many messages of hers; their ids. */
async function newGroup(messages: number, memberIds = ["bob", "carol"]) {
  const request = { type: "group" as const, name: "test", memberIds };
  const { id: chatId } = await createChat(engine(), { actor: alice, request });
  const draft = { content: "text", type: "text" as const };
  const sent = await Promise.all(
    Array.from({ length: messages }, () => sendMessage(engine(), { actor: alice, chatId, draft })),
  );
  return { chatId, ids: sent.toSorted((a, b) => a.seq - b.seq).map(({ id }) => id) };
}

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

async function query<Row>(text: string, values: unknown[]): Promise<Row[]> {
  return (await engine().database.pool.query(text, values)).rows as Row[];
}

const stored = async (chatId: string, userId: string) => {
  const text = "SELECT read_seq, delivered_seq, rev FROM members WHERE chat_id = $1 AND user_id = $2";
  const [row] = await query<{ read_seq: number; delivered_seq: number; rev: number }>(text, [chatId, userId]);
  return row;
};

const commitsOf = async (chatId: string) =>
  (await query<{ id: number }>("SELECT id FROM commits WHERE $1 = ANY (chat_ids)", [chatId])).length;

/** What was told of a chat by either node, by revision. */
const told = (chatId: string) =>
  nodes
    .flatMap(({ batches }) => batches.flatMap(({ changes }) => changes))
    .filter((change) => change.chatId === chatId)
    .toSorted((left, right) => left.rev - right.rev);
const positionsTold = (chatId: string) =>
  told(chatId).filter(({ body }) => body.name === "messages.read" || body.name === "messages.delivered");

describe("reading", () => {
  it("each message of a burst is one move for the others and one commit, and everybody who asked has the result", async () => {
    const { chatId, ids } = await newGroup(50);
    const [commits, rev] = [await commitsOf(chatId), told(chatId).at(-1)?.rev ?? 0];
    const answers = await Promise.all(
      ids.map((id) => markRead(engine(), { actor: bob, chatId, messageIds: [id], connection: "c" })),
    );
    expect(answers).toEqual(ids.map(() => ({ readSeq: 50, unreadCount: 0, rev: rev + 1 })));
    expect(await commitsOf(chatId)).toBe(commits + 1);
    const moves = positionsTold(chatId);
    expect(moves).toHaveLength(1);
    expect(moves[0]).toMatchObject({
      rev: rev + 1,
      seq: 50,
      exceptConnection: "c",
      audience: expect.arrayContaining(["alice", "bob", "carol"]),
      body: { userId: "bob", readSeq: 50, messageIds: ids },
    });
    const { messages } = await listMessages(engine(), {
      actor: alice,
      chatId,
      limit: 100,
      position: { page: 1 },
    });
    expect(messages.every(({ readAt }) => readAt !== null)).toBe(true);
  });

  it("tells every connection of a reader when several of them have asked", async () => {
    const { chatId, ids } = await newGroup(2);
    await Promise.all(
      ids.map((id, index) =>
        markRead(engine(), { actor: bob, chatId, messageIds: [id], connection: `${index}` }),
      ),
    );
    expect(positionsTold(chatId)).toHaveLength(1);
    expect(positionsTold(chatId)[0]).not.toHaveProperty("exceptConnection");
  });

  it("of many people in many chats on two nodes at once, with sends between, ends at the highest position of each", async () => {
    const people = Array.from({ length: 8 }, (_, index) => `reader-${index}`);
    const groups = await Promise.all(Array.from({ length: 6 }, () => newGroup(10, people)));
    const work = people.flatMap((userId, person) =>
      groups.flatMap(({ chatId, ids }) =>
        [9, 2, 6, 4].map((place, round) => {
          const node = ((person + round) % 2) as 0 | 1;
          const messageIds = [ids[place] ?? ""];
          return markRead(engine(node), { actor: { userId, role: "user" }, chatId, messageIds });
        }),
      ),
    );
    const draft = { content: "between", type: "text" as const };
    const sends = groups.map(({ chatId }, index) =>
      sendMessage(engine((index % 2) as 0 | 1), { actor: alice, chatId, draft }),
    );
    await Promise.all([...work, ...sends]);
    for (const { chatId } of groups) {
      for (const userId of people) expect(await stored(chatId, userId)).toMatchObject({ read_seq: 10 });
      // No revision twice and none left out: nothing was told that is not in the order, and nothing in it was not told.
      const revs = told(chatId).map(({ rev }) => rev);
      expect(revs).toEqual(revs.map((_, index) => index + 1));
      const [chat] = await query<{ last_rev: number }>("SELECT last_rev FROM chats WHERE id = $1", [chatId]);
      expect(chat?.last_rev).toBe(revs.length);
      for (const userId of people) {
        const seqs = positionsTold(chatId).flatMap(({ body }) =>
          body.name === "messages.read" && body.userId === userId ? [body.readSeq] : [],
        );
        expect(seqs).toEqual([...new Set(seqs)].toSorted((left, right) => left - right));
      }
    }
  });

  it("never goes back, and takes nothing for standing still", async () => {
    const { chatId, ids } = await newGroup(5);
    const read = (place: number) =>
      markRead(engine(), { actor: bob, chatId, messageIds: [ids[place] ?? ""] });
    await read(3);
    const commits = await commitsOf(chatId);
    expect(await read(1)).toEqual({ readSeq: 4, unreadCount: 1 });
    expect(await read(3)).toEqual({ readSeq: 4, unreadCount: 1 });
    expect(await commitsOf(chatId)).toBe(commits);
    expect(positionsTold(chatId)).toHaveLength(1);
  });

  it("refuses one request of a batch for what is wrong with it, and no other", async () => {
    const [one, two] = [await newGroup(3), await newGroup(3)];
    const ask = (actor: typeof bob, chatId: string, messageIds: string[]) =>
      markRead(engine(), { actor, chatId, messageIds });
    const [newest = ""] = one.ids.slice(-1);
    const results = await Promise.allSettled([
      ask(bob, one.chatId, [newest]),
      ask(bob, one.chatId, two.ids),
      ask({ userId: "eve", role: "user" }, one.chatId, one.ids),
      ask({ userId: "root", role: "admin" }, one.chatId, one.ids),
      ask(carol, "not a uuid", one.ids),
      ask(carol, one.chatId, ["not a uuid"]),
      ask(bob, "00000000-0000-7000-8000-000000000000", one.ids),
      ask(carol, two.chatId, two.ids),
    ]);
    expect(results.map((one) => (one.status === "rejected" ? one.reason.code : one.value.readSeq))).toEqual([
      3,
      "message_not_found",
      "chat_not_found",
      "forbidden",
      "22P02",
      "22P02",
      "chat_not_found",
      3,
    ]);
  });

  it("of a chat that does not exist is refused at once", async () => {
    const chatId = "00000000-0000-7000-8000-000000000000";
    for (const skipHeld of [false, true]) {
      const requests = [{ chatId, userId: "bob", kind: "read" as const, upTo: { seq: 1 } }];
      const { outcomes } = await movePositions(engine().database.pool, { requests, skipHeld });
      expect(outcomes).toEqual([{ kind: "refused", reason: "not_a_member" }]);
    }
  });

  it("is judged under the lock: who was removed meanwhile moves nothing", async () => {
    const { chatId, ids } = await newGroup(1);
    const holder = await holdChat(chatId);
    const read = markRead(engine(), { actor: carol, chatId, messageIds: ids }).catch((error) => error);
    await until(async () => {
      const { rows } = await holder.client.query("SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted");
      return rows[0].n > 0;
    }, "the reader waits for the chat");
    await holder.client.query("UPDATE members SET left_at = now() WHERE chat_id = $1 AND user_id = 'carol'", [
      chatId,
    ]);
    await holder.letGo();
    expect(await read).toEqual(refusal("chat_not_found"));
    expect(await stored(chatId, "carol")).toMatchObject({ read_seq: 0 });
    expect(positionsTold(chatId)).toEqual([]);
  });

  it("of a chat that somebody holds waits, and holds up no other", async () => {
    const [held, free] = [await newGroup(2), await newGroup(2)];
    const holder = await holdChat(held.chatId);
    let isHeld = true;
    const read = (group: typeof held, place: number) =>
      markRead(engine(), { actor: bob, chatId: group.chatId, messageIds: [group.ids[place] ?? ""] });
    const waiting = [read(held, 0).then(() => isHeld)];
    expect(await read(free, 0)).toMatchObject({ readSeq: 1 });
    waiting.push(read(held, 1).then(() => isHeld));
    expect(await read(free, 1)).toMatchObject({ readSeq: 2 });
    isHeld = false;
    await holder.letGo();
    expect(await Promise.all(waiting)).toEqual([false, false]);
    expect(await stored(held.chatId, "bob")).toMatchObject({ read_seq: 2 });
  });

  it("still works for nodes of the version before", async () => {
    const { chatId, ids } = await newGroup(3);
    const text = "SELECT * FROM mark_read($1, $2, $3, 50)";
    const [moved] = await query<Record<string, unknown>>(text, [chatId, "bob", ids.slice(0, 2)]);
    expect(moved).toMatchObject({ is_member: true, read_seq: 2, last_seq: 3, moved_at: expect.any(Date) });
    expect(moved).toMatchObject({
      moved_rev: expect.any(Number),
      audience: expect.arrayContaining(["alice"]),
    });
    const nothing = { is_member: true, read_seq: 2, moved_rev: null, moved_at: null, audience: null };
    expect(await query(text, [chatId, "bob", ids.slice(0, 1)])).toMatchObject([nothing]);
    expect(await query(text, [chatId, "bob", [chatId]])).toMatchObject([{ ...nothing, read_seq: null }]);
    expect(await query(text, [chatId, "eve", ids])).toMatchObject([{ is_member: false, read_seq: null }]);
  });
});

describe("delivered marks", () => {
  it("move forward only, are told once, and show in the members list", async () => {
    const { chatId } = await newGroup(5);
    const marks = [2, 4, 3].map((seq) =>
      markDelivered(engine(), { actor: bob, chatId, seq, connection: "c" }),
    );
    const commits = await commitsOf(chatId);
    const [answer] = await Promise.all(marks);
    expect(answer).toEqual({ deliveredSeq: 4, rev: expect.any(Number) });
    expect(await commitsOf(chatId)).toBe(commits + 1);
    expect(positionsTold(chatId)).toMatchObject([
      {
        exceptConnection: "c",
        rev: answer?.rev,
        body: { name: "messages.delivered", userId: "bob", deliveredSeq: 4 },
      },
    ]);
    expect(await markDelivered(engine(), { actor: bob, chatId, seq: 1 })).toEqual({ deliveredSeq: 4 });
    const seen = await listMembers(engine(), { actor: alice, chatId });
    expect(seen.find(({ userId }) => userId === "bob")).toMatchObject({ readSeq: 0, deliveredSeq: 4 });
    expect((await getChat(engine(), { actor: alice, chatId })).members).toEqual(seen);
  });

  it("beyond the newest message are refused, and spoil nobody else's", async () => {
    const { chatId } = await newGroup(2);
    const results = await Promise.allSettled([
      markDelivered(engine(), { actor: bob, chatId, seq: 2 }),
      markDelivered(engine(), { actor: bob, chatId, seq: 3 }),
      markDelivered(engine(), { actor: { userId: "eve", role: "user" }, chatId, seq: 1 }),
      markDelivered(engine(), { actor: { userId: "root", role: "admin" }, chatId, seq: 1 }),
    ]);
    expect(
      results.map((one) => (one.status === "rejected" ? one.reason.code : one.value.deliveredSeq)),
    ).toEqual([2, "invalid_input", "chat_not_found", "forbidden"]);
  });

  it("are moved by reading and by sending, and say nothing that these have said", async () => {
    const { chatId, ids } = await newGroup(6);
    const mark = (seq: number) => markDelivered(engine(), { actor: bob, chatId, seq });
    const read = (place: number) =>
      markRead(engine(), { actor: bob, chatId, messageIds: [ids[place] ?? ""] });
    await Promise.all([mark(2), read(2)]);
    expect(await stored(chatId, "bob")).toMatchObject({ read_seq: 3, delivered_seq: 3 });
    expect(positionsTold(chatId).map(({ body }) => body.name)).toEqual(["messages.read"]);
    const [delivered, more] = await Promise.all([mark(6), read(4)]);
    expect(await stored(chatId, "bob")).toMatchObject({ read_seq: 5, delivered_seq: 6, rev: delivered.rev });
    expect(delivered.rev).toBe((more.rev ?? 0) + 1);
    expect(positionsTold(chatId).slice(1)).toMatchObject([
      { rev: more.rev, body: { name: "messages.read", readSeq: 5 } },
      { rev: delivered.rev, body: { name: "messages.delivered", deliveredSeq: 6 } },
    ]);
    await sendMessage(engine(), { actor: bob, chatId, draft: { content: "hi", type: "text" } });
    expect(await stored(chatId, "bob")).toMatchObject({ read_seq: 7, delivered_seq: 7 });
  });

  it("of a large chat are accepted, and neither kept nor told; reading there still is", async () => {
    const crowd = Array.from({ length: 51 }, (_, index) => `crowd-${index}`);
    const { chatId, ids } = await newGroup(3, crowd);
    const member = { userId: "crowd-7", role: "user" };
    expect(await markDelivered(engine(), { actor: member, chatId, seq: 2 })).toEqual({ deliveredSeq: 0 });
    await expect(markDelivered(engine(), { actor: member, chatId, seq: 4 })).rejects.toEqual(
      refusal("invalid_input"),
    );
    expect(positionsTold(chatId)).toEqual([]);
    await markRead(engine(), { actor: member, chatId, messageIds: ids });
    expect(positionsTold(chatId)).toMatchObject([{ audience: null, body: { readSeq: 3 } }]);
    expect(await stored(chatId, "crowd-7")).toMatchObject({ read_seq: 3, delivered_seq: 3 });
  });
});

describe("a node", () => {
  it("that closes stores what it has accepted", async () => {
    const { chatId, ids } = await newGroup(2);
    const closing = openTestEngine(database.url);
    const work = [
      markDelivered(closing.engine, { actor: bob, chatId, seq: 2 }),
      markRead(closing.engine, { actor: carol, chatId, messageIds: ids }),
    ];
    await closeEngine(closing.engine);
    await Promise.all(work);
    expect(await stored(chatId, "bob")).toMatchObject({ delivered_seq: 2 });
    expect(await stored(chatId, "carol")).toMatchObject({ read_seq: 2 });
  });

  it("that has more waiting than it may refuses, and stores nothing of that", async () => {
    const { chatId, ids } = await newGroup(1);
    const small = openTestEngine(database.url, { queueLimit: 3 });
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () => markRead(small.engine, { actor: bob, chatId, messageIds: ids })),
    );
    expect(results.map((one) => one.status === "rejected" && one.reason.code)).toEqual([
      false,
      false,
      false,
      "overloaded",
      "overloaded",
    ]);
    await closeEngine(small.engine);
  });

  it("whose listeners fail has stored all the same, and says so", async () => {
    const { chatId, ids } = await newGroup(1);
    const deaf = openTestEngine(database.url);
    deaf.batches.push = () => {
      throw new Error("nobody listens");
    };
    expect(await markRead(deaf.engine, { actor: bob, chatId, messageIds: ids })).toMatchObject({
      readSeq: 1,
    });
    await closeEngine(deaf.engine);
    await until(async () => (await stored(chatId, "bob"))?.read_seq === 1, "the position is stored");
  });
});
