import { filePath } from "@parley/contracts";
import {
  addTestDevice,
  createTestDatabase,
  createTestStorage,
  fillDatabase,
  measureQueries,
  openTestEngine,
  type QueryCost,
  type TestDatabase,
  type TestEngine,
  until,
} from "@parley/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createChat } from "../chats/create-chat.js";
import { findDirectChat } from "../chats/find-direct-chat.js";
import { getChat } from "../chats/get-chat.js";
import { getTotalUnread } from "../chats/get-total-unread.js";
import { getUnreadCount } from "../chats/get-unread-count.js";
import { listChats } from "../chats/list-chats.js";
import { listIntegerPairs } from "../chats/list-integer-pairs.js";
import { listOpenChats } from "../chats/list-open-chats.js";
import { findFiles } from "../files/find-files.js";
import { listFiles } from "../files/list-files.js";
import { getFile } from "../files/open-file.js";
import { storeFile } from "../files/store-file.js";
import { addMembers } from "../members/add-members.js";
import { deleteMessage } from "../messages/delete-message.js";
import { editMessage } from "../messages/edit-message.js";
import { findMessage } from "../messages/find-message.js";
import { listMessages } from "../messages/list-messages.js";
import { reactToMessage } from "../messages/react-to-message.js";
import { findSent, sendMessage } from "../messages/send-message.js";
import { collectDueChats } from "../notifications/collect-due-chats.js";
import { dispatchNotifications } from "../notifications/dispatch-notifications.js";
import { sweepNotifications } from "../notifications/sweep-notifications.js";
import { closeEngine } from "../open-engine.js";
import { chatPartners } from "../presence/chat-partners.js";
import { sharesChat } from "../presence/shares-chat.js";
import { markAllRead } from "../receipts/mark-all-read.js";
import { markDelivered } from "../receipts/mark-delivered.js";
import { markRead } from "../receipts/mark-read.js";
import { readReach } from "../receipts/read-reach.js";
import { readCommitLogEnd, readCommits } from "../sync/read-commits.js";
import { readMissed } from "../sync/read-missed.js";
import { readArrival, readPositions } from "../sync/read-positions.js";
import { syncChanges } from "../sync/sync-changes.js";

/** A chat of alice with one other person, and something in it that can be asked for. */
interface Place {
  chatId: string;
  other: { userId: string; role: string };
  file: { id: string; number: number };
  messageNumber: number;
}

type Work = () => Promise<unknown>;
/** Does what comes before, and gives what is to be counted. */
type Prepare = (at: Place) => Promise<Work> | Work;

interface Subject {
  name: string;
  prepare: Prepare;
  /** Goes through all chats of the person, with so many rows of chats and members for each; without it, it must not. */
  rowsPerOwnChat?: number;
  /** Messages that it is about. */
  messages?: number;
  /** Otherwise as many as in a young chat, where an empty page or known people may have saved some. */
  statements?: number;
  /** Goes back to the oldest transaction that is open anywhere on the server, and those of other databases end in their own time. */
  waitsForServer?: boolean;
}

const OLD_MESSAGES = 5_000;
const OWN_CHATS = 1_000;
const OTHER_CHATS = 500;
/** Rows of any table that a request may look at, whatever the database holds. Dead rows of what the test itself did before are counted, too. */
const FEW = 120;

const alice = { userId: "alice", role: "user" };
const bob = { userId: "bob", role: "user" };

describe.each(["never", "on two messages"])("with statistics that were made %s", (statistics) => {
  let database: TestDatabase;
  let node: TestEngine;
  const costs = new Map<string, { young: QueryCost; old: QueryCost }>();

  beforeAll(async () => {
    database = await createTestDatabase();
    const files = { storage: createTestStorage(), maxBytes: 1e6, quotaBytes: 1e9 };
    // One connection keeps the plans that it has made.
    node = openTestEngine(database.url, { poolSize: 1, files });
    await query("SELECT 1");
    for (const { relname } of await query("SELECT relname FROM pg_stat_user_tables"))
      await query(`ALTER TABLE "${relname}" SET (autovacuum_enabled = false)`);
    const young = await makeYoungPlace();
    if (statistics !== "never") await query("VACUUM ANALYZE");
    const before = new Map<string, QueryCost>();
    for (const { name, prepare } of SUBJECTS) {
      // After five runs Postgres decides whether it keeps a plan.
      for (let run = 0; run < 7; run++)
        before.set(name, await measureQueries(node.engine, await prepare(young)));
    }
    const old = await makeOldPlace(young);
    for (const subject of SUBJECTS) {
      const { name, prepare, waitsForServer = false } = subject;
      const measure = async () => measureQueries(node.engine, await prepare(old));
      let cost = await measure();
      if (waitsForServer)
        await until(async () => {
          if (isCheap(subject, cost)) return true;
          cost = await measure();
          return false;
        }, `${name} no longer waits for transactions of others`);
      costs.set(name, { young: before.get(name) ?? cost, old: cost });
    }
  });

  afterAll(async () => {
    await closeEngine(node.engine);
    await database.drop();
  });

  const query = async (text: string, values: unknown[] = []) =>
    (await node.engine.database.pool.query<Record<string, string>>(text, values)).rows;

  const say = (chatId: string, actor = alice, draft: { attachmentUrl?: string; clientId?: string } = {}) =>
    sendMessage(node.engine, {
      actor,
      chatId,
      draft: { content: "hi", type: draft.attachmentUrl === undefined ? "text" : "file", ...draft },
    });

  async function* bytes() {
    yield Buffer.from("x");
  }

  const upload = (chatId: string) =>
    storeFile(node.engine, { actor: alice, chatId, name: "a.txt", bytes: bytes(), expectedBytes: 1 });

  async function makeYoungPlace(): Promise<Place> {
    const { id: chatId } = await createChat(node.engine, {
      actor: alice,
      request: { type: "direct", userId: "bob" },
    });
    await addTestDevice(node.engine, "alice");
    await say(chatId, bob);
    const { number } = await say(chatId);
    return { chatId, other: bob, file: await upload(chatId), messageNumber: number };
  }

  /** The database grows, and in it a chat that is old in every respect. */
  async function makeOldPlace(young: Place): Promise<Place> {
    const { url: databaseUrl } = database;
    await fillDatabase({ databaseUrl, messages: OLD_MESSAGES, chats: 1, userId: "alice" });
    await fillDatabase({ databaseUrl, messages: 2 * OWN_CHATS, chats: OWN_CHATS, userId: "alice" });
    await fillDatabase({ databaseUrl, messages: 3 * OTHER_CHATS, chats: OTHER_CHATS });
    const [found] = await query(
      `SELECT c.id, m.user_id AS other, s.number FROM chats c JOIN members m ON m.chat_id = c.id
       JOIN messages s ON s.chat_id = c.id AND s.seq = 1000 WHERE last_seq = $1 AND m.user_id <> 'alice'`,
      [OLD_MESSAGES],
    );
    const { id: chatId = "", other = "", number } = found ?? {};
    for (const id of [chatId, young.chatId])
      await query(
        `INSERT INTO files (id, chat_id, uploader_id, name, size, storage_key, stored_at)
         SELECT gen_random_uuid(), $1, 'alice', 'f', 1, 'k', now() FROM generate_series(1, 1000)`,
        [id],
      );
    await query(
      `INSERT INTO notifications (id, user_id, type, category, chat_id, from_seq, to_seq, message_count, state, decided_at, done_at, created_at, due_at)
       SELECT gen_random_uuid(), 'alice', 'new_message', 'chat_messages', $1, s, s, 1, 'sent', past, past, past, past
       FROM generate_series(1, 2000) s CROSS JOIN (SELECT now() - interval '1 day' AS past) p`,
      [chatId],
    );
    const file = await upload(chatId);
    return { chatId, other: { userId: other, role: "user" }, file, messageNumber: Number(number) };
  }

  /** All that alice has missed is caught up. */
  async function catchUp(): Promise<string> {
    let page = await syncChanges(node.engine, { actor: alice, limit: 200 });
    while (page.hasMore)
      page = await syncChanges(node.engine, { actor: alice, cursor: page.cursor, limit: 200 });
    return page.cursor;
  }

  /** Notifications of everything up to now are made, so that what follows is the only news. */
  async function collected(at: Place): Promise<void> {
    await collectDueChats(node.engine, { chatIds: [at.chatId] });
  }

  const sync = async (at: Place, messages: number): Promise<Work> => {
    const cursor = await catchUp();
    for (let sent = 0; sent < messages; sent++) await say(at.chatId, at.other);
    return () => syncChanges(node.engine, { actor: alice, cursor, limit: 200 });
  };
  const list = (position: Parameters<typeof listMessages>[1]["position"]) => (at: Place) => () =>
    listMessages(node.engine, { actor: alice, chatId: at.chatId, limit: 50, position });
  const chats = (page: number) => () => () => listChats(node.engine, { actor: alice, limit: 20, page });
  const missed = async (at: Place, behind: number): Promise<Work> => {
    const { rev, seq } = await say(at.chatId, at.other);
    const { id } = await say(at.chatId, at.other);
    const edited = { actor: at.other, chatId: at.chatId, messageId: id, content: "x" };
    await editMessage(node.engine, edited);
    return () => readMissed(node.engine, [{ chatId: at.chatId, rev, seq: seq - behind }]);
  };
  /** Something done to a message that the other person has just sent. */
  const withNew =
    (act: (message: { actor: typeof alice; chatId: string; messageId: string; seq: number }) => Work) =>
    async (at: Place) => {
      const { id, seq } = await say(at.chatId, at.other);
      return act({ actor: at.other, chatId: at.chatId, messageId: id, seq });
    };

  const SUBJECTS: Subject[] = [
    { name: "sending", prepare: (at) => () => say(at.chatId) },
    { name: "sending with a client id", prepare: (at) => () => say(at.chatId, alice, { clientId: "again" }) },
    {
      name: "looking for what was sent",
      prepare: (at) => () =>
        findSent(node.engine, {
          actor: alice,
          chatId: at.chatId,
          draft: { content: "hi", type: "text", clientId: "again" },
        }),
    },
    { name: "the newest page", prepare: list({ page: 1 }), messages: 50 },
    { name: "a page from long ago", prepare: list({ beforeSeq: 2_000 }), messages: 50 },
    { name: "a page around a message", prepare: list({ aroundSeq: 2_000 }), messages: 50 },
    {
      name: "a message by its number",
      prepare: (at) => () => findMessage(node.engine, { actor: alice, number: at.messageNumber }),
    },
    { name: "editing", prepare: withNew((it) => () => editMessage(node.engine, { ...it, content: "x" })) },
    { name: "deleting", prepare: withNew((it) => () => deleteMessage(node.engine, it)) },
    {
      name: "reacting",
      prepare: withNew(
        (it) => () => reactToMessage(node.engine, { ...it, actor: alice, emoji: "👍", remove: false }),
      ),
    },
    {
      name: "marking read",
      prepare: withNew(
        (it) => () => markRead(node.engine, { ...it, actor: alice, messageIds: [it.messageId] }),
      ),
    },
    {
      name: "marking delivered",
      prepare: withNew((it) => () => markDelivered(node.engine, { ...it, actor: alice })),
    },
    {
      name: "marking all read",
      prepare: withNew((it) => () => markAllRead(node.engine, { ...it, actor: alice })),
    },
    {
      name: "how far others have read",
      prepare: (at) => () => readReach(node.engine, { userId: "alice", chatIds: [at.chatId] }),
    },
    {
      name: "the unread messages of a chat",
      prepare: (at) => () => getUnreadCount(node.engine, { actor: alice, chatId: at.chatId }),
    },
    {
      name: "the unread messages of all chats",
      prepare: () => () => getTotalUnread(node.engine, { actor: alice }),
      rowsPerOwnChat: 1,
    },
    { name: "my chats", prepare: chats(1), rowsPerOwnChat: 2 },
    { name: "the third page of my chats", prepare: chats(3), rowsPerOwnChat: 2, statements: 5 },
    {
      name: "the next page of my chats",
      prepare: async () => {
        const { nextCursor } = await listChats(node.engine, { actor: alice, limit: 20, page: 1 });
        return () =>
          listChats(node.engine, { actor: alice, limit: 20, page: 1, cursor: nextCursor ?? undefined });
      },
      rowsPerOwnChat: 2,
    },
    {
      name: "pairs of integers",
      prepare: () => () => listIntegerPairs(node.engine, { actor: alice, limit: 20, offset: 0 }),
      rowsPerOwnChat: 1,
    },
    {
      name: "a chat",
      prepare: (at) => () => getChat(node.engine, { actor: alice, chatId: at.chatId }),
      statements: 6,
    },
    {
      name: "the chat with somebody",
      prepare: (at) => () => findDirectChat(node.engine, { actor: alice, userId: at.other.userId }),
    },
    { name: "open chats", prepare: () => () => listOpenChats(node.engine, { limit: 20 }) },
    {
      name: "letting somebody in",
      prepare: async () => {
        const request = { type: "group" as const, name: "g", memberIds: ["bob"] };
        const { id } = await createChat(node.engine, { actor: alice, request });
        return () => addMembers(node.engine, { actor: alice, chatId: id, userIds: ["zoe"] });
      },
      statements: 19,
    },
    {
      name: "whom to tell who comes and goes",
      prepare: () => () => chatPartners(node.engine, ["alice"]),
      rowsPerOwnChat: 4,
    },
    {
      name: "whether two share a chat",
      prepare: (at) => () =>
        sharesChat(node.engine, { userId: "alice", userIds: [at.other.userId, "nobody"] }),
      rowsPerOwnChat: 2,
    },
    { name: "catching up with nothing", prepare: (at) => sync(at, 0), rowsPerOwnChat: 3 },
    { name: "catching up with one message", prepare: (at) => sync(at, 1), rowsPerOwnChat: 3 },
    // One statement for each of the page's chats, of which there are at most 50.
    {
      name: "a first catch-up",
      prepare: () => () => syncChanges(node.engine, { actor: alice, limit: 200 }),
      rowsPerOwnChat: 2,
      messages: 300,
      statements: 60,
    },
    {
      name: "where all chats stand",
      prepare: () => () => readPositions(node.engine, "alice"),
      rowsPerOwnChat: 1,
    },
    {
      name: "where a chat stood",
      prepare: (at) => () => readArrival(node.engine, { chatId: at.chatId, userId: "alice" }),
    },
    { name: "a missed message", prepare: (at) => missed(at, 1) },
    { name: "a missed change", prepare: (at) => missed(at, -1) },
    {
      name: "the log of commits",
      waitsForServer: true,
      prepare: async (at) => {
        const from = await readCommitLogEnd(node.engine);
        await say(at.chatId, at.other);
        return () => readCommits(node.engine, from);
      },
    },
    {
      name: "collecting notifications",
      prepare: async (at) => {
        await collected(at);
        await say(at.chatId, at.other);
        return () => collected(at);
      },
    },
    {
      name: "deciding notifications",
      prepare: async (at) => {
        await say(at.chatId, at.other);
        const { notificationIds } = await collectDueChats(node.engine, { chatIds: [at.chatId] });
        return () => dispatchNotifications(node.engine, { which: { notificationIds } });
      },
    },
    {
      name: "sweeping up notifications",
      waitsForServer: true,
      prepare: async (at) => {
        await sweepNotifications(node.engine, {});
        await say(at.chatId, at.other);
        return () => sweepNotifications(node.engine, {});
      },
    },
    { name: "storing a file", prepare: (at) => () => upload(at.chatId) },
    {
      name: "sending a file",
      prepare: async (at) => {
        const { id } = await upload(at.chatId);
        return () => say(at.chatId, alice, { attachmentUrl: filePath(id) });
      },
    },
    {
      name: "a file",
      prepare: (at) => () => getFile(node.engine, { actor: alice, name: { fileId: at.file.id } }),
    },
    {
      name: "a file by its number",
      prepare: (at) => () => getFile(node.engine, { actor: alice, name: { number: at.file.number } }),
    },
    { name: "what files are", prepare: (at) => () => findFiles(node.engine, [at.file.id]) },
    {
      name: "the files of a chat",
      prepare: (at) => () => listFiles(node.engine, { actor: alice, chatId: at.chatId, limit: 20 }),
    },
    // Last, because who writes after it passes them all.
    {
      name: "catching up with 100 messages",
      prepare: (at) => sync(at, 100),
      rowsPerOwnChat: 3,
      messages: 100,
    },
  ];

  it.each(SUBJECTS)("$name costs the same in a database that has grown", (subject) => {
    const cost = costs.get(subject.name);
    expect(cost?.old.statements).toBeLessThanOrEqual(subject.statements ?? cost?.young.statements ?? 0);
    for (const [table, rows] of Object.entries(cost?.old.rows ?? {})) {
      expect(rows, table).toBeLessThan(allowance(subject, table));
    }
  });
});

function allowance({ rowsPerOwnChat = 0, messages = 0 }: Subject, table: string): number {
  const own = table === "chats" || table === "members" ? rowsPerOwnChat * (OWN_CHATS + 10) : 0;
  return FEW + own + messages;
}

function isCheap(subject: Subject, cost: QueryCost): boolean {
  return Object.entries(cost.rows).every(([table, rows]) => rows < allowance(subject, table));
}
