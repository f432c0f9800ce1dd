import {
  createOldChat,
  openTestEngine,
  openTestNode,
  readRawRows,
  type TestNode,
  until,
} from "@parley/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyChats } from "../audit/verify-chats.js";
import { editMessage } from "../messages/edit-message.js";
import { listMessages } from "../messages/list-messages.js";
import { reactToMessage } from "../messages/react-to-message.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";
import { archiveChat } from "./archive-chat.js";
import { NEWEST_KEPT, SEGMENT_MESSAGES } from "./due-messages.js";
import { restoreChat } from "./restore-chat.js";
import { MESSAGE_COLUMNS, REACTION_COLUMNS } from "./segment-columns.js";
import { setRetention } from "./set-retention.js";

const alice = { userId: "alice", role: "user" };
const operator = { userId: "root", role: "admin" };
const before = new Date("2025-01-01");
/** One more than a segment may go. */
const TOTAL = NEWEST_KEPT + SEGMENT_MESSAGES + 1;

let test: TestNode;

beforeAll(async () => {
  test = await openTestNode();
});

afterAll(() => test.close());

const run: TestNode["run"] = (statement, values) => test.run(statement, values);

const archive = (chatId: string) => archiveChat(test.engine, { chatId, before });
const restore = (chatId: string) => restoreChat(test.engine, { actor: operator, chatId });
const seqsOf = async (chatId: string) =>
  (await run<{ seq: number }>("SELECT seq FROM messages WHERE chat_id = $1 ORDER BY seq", [chatId])).map(
    ({ seq }) => seq,
  );
const segmentsOf = async (chatId: string) =>
  (
    await run<{ range: string }>(
      "SELECT first_seq || '-' || last_seq AS range FROM archive_segments WHERE chat_id = $1 ORDER BY last_seq",
      [chatId],
    )
  ).map(({ range }) => range);
const idOf = async (chatId: string, seq: number) =>
  (await run<{ id: string }>("SELECT id FROM messages WHERE chat_id = $1 AND seq = $2", [chatId, seq]))[0]
    ?.id ?? "";

async function history(chatId: string, total: number) {
  const pages = [];
  for (let afterSeq = 0; afterSeq < total; afterSeq += 130)
    pages.push(await listMessages(test.engine, { actor: alice, chatId, limit: 130, position: { afterSeq } }));
  return pages;
}

describe("archiving a chat", () => {
  it.each([1, 2, 3, 4, 5])(
    "gives the same bytes back, and the same history meanwhile: seed %i",
    async (seed) => {
      const count = TOTAL + 37 * seed;
      const chatId = await createOldChat(test.engine, { count, seed });
      const [rows, shown] = [await readRawRows(test.engine, chatId), await history(chatId, count)];
      const archived = await archive(chatId);
      expect(archived).toMatchObject({ messages: count - NEWEST_KEPT, segments: 2, ended: "done" });
      expect(archived.storedBytes).toBeLessThan(archived.rawBytes);
      expect(await readRawRows(test.engine, chatId)).toEqual(rows.slice(-NEWEST_KEPT));
      expect(await history(chatId, count)).toEqual(shown);
      expect(await restore(chatId)).toMatchObject({
        segments: 2,
        messages: count - NEWEST_KEPT,
        ended: "done",
      });
      expect(await readRawRows(test.engine, chatId)).toEqual(rows);
      expect(await run("SELECT FROM archived_messages WHERE chat_id = $1", [chatId])).toHaveLength(0);
      expect(await segmentsOf(chatId)).toEqual([]);
    },
  );

  it("keeps every column that the tables have", async () => {
    for (const [table, columns] of [
      ["messages", MESSAGE_COLUMNS],
      ["reactions", REACTION_COLUMNS],
    ] as const) {
      const stored = await run<{ name: string }>(
        "SELECT column_name AS name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1",
        [table],
      );
      expect(stored.map(({ name }) => name).sort()).toEqual(Object.keys(columns).sort());
    }
  });

  it("does nothing a second time", async () => {
    const chatId = await createOldChat(test.engine, { count: TOTAL });
    expect((await archive(chatId)).messages).toBe(SEGMENT_MESSAGES + 1);
    expect(await archive(chatId)).toMatchObject({ messages: 0, segments: 0, ended: "done" });
  });

  it("ends where it is told to, and goes on from there the next time", async () => {
    const chatId = await createOldChat(test.engine, { count: TOTAL });
    const asked: number[] = [];
    const afterSegment = async (messages: number) => asked.push(messages) > 1;
    expect((await archiveChat(test.engine, { chatId, before, afterSegment })).ended).toBe("interrupted");
    expect(asked).toEqual([SEGMENT_MESSAGES]);
    expect(await segmentsOf(chatId)).toEqual([`1-${SEGMENT_MESSAGES}`]);
    expect((await archiveChat(test.engine, { chatId, before, afterSegment })).messages).toBe(1);
  });

  it("makes more segments of long messages", async () => {
    const chatId = await createOldChat(test.engine, { count: NEWEST_KEPT + 3 });
    await run("UPDATE messages SET content = repeat('x', 600000) WHERE chat_id = $1 AND seq < 3", [chatId]);
    await archive(chatId);
    expect(await segmentsOf(chatId)).toEqual(["1-1", "2-3"]);
  });

  it("tells nobody", async () => {
    const chatId = await createOldChat(test.engine, { count: TOTAL });
    const chatRow = () =>
      run("SELECT last_rev, last_seq, changed_xid::text, updated_at FROM chats WHERE id = $1", [chatId]);
    const [row, told] = [await chatRow(), test.batches.length];
    await archive(chatId);
    expect(await chatRow()).toEqual(row);
    expect(test.batches).toHaveLength(told);
  });

  it("leaves a chat that the audit finds whole, and one whose segment is lost that it doesn't", async () => {
    const chatId = await createOldChat(test.engine, { count: TOTAL });
    await archive(chatId);
    const [chats] = await run<{ n: number }>("SELECT count(*)::int AS n FROM chats");
    // Transactions of other tests on the server that are still open make the audit wait.
    const faultsOf = () =>
      until(async () => {
        const { checked, faults } = await verifyChats(test.engine, { limit: 1_000 });
        return (
          checked === chats?.n && faults.filter((fault) => fault.chatId === chatId).map(({ rule }) => rule)
        );
      }, "the audit has seen all chats");
    expect(await faultsOf()).toEqual([]);
    await run("UPDATE archive_segments SET last_seq = last_seq - 1 WHERE chat_id = $1 AND first_seq = 1", [
      chatId,
    ]);
    expect(await faultsOf()).toEqual(["seq_gap"]);
    await run("UPDATE archive_segments SET last_seq = last_seq + 1 WHERE chat_id = $1 AND first_seq = 1", [
      chatId,
    ]);
  });
});

describe("what stays", () => {
  const kept = async (chatId: string, least: number) => {
    await archive(chatId);
    return (await seqsOf(chatId)).filter((seq) => seq <= least);
  };

  it("the newest messages, and what was sent since", async () => {
    const chatId = await createOldChat(test.engine, { count: TOTAL });
    await run("UPDATE messages SET created_at = '2025-01-01' WHERE chat_id = $1 AND seq > 100", [chatId]);
    expect((await archive(chatId)).messages).toBe(100);
    expect(await seqsOf(chatId)).toHaveLength(TOTAL - 100);
  });

  it.each(["edited_at", "deleted_at"])("what has changed since: %s", async (column) => {
    const chatId = await createOldChat(test.engine, { count: TOTAL });
    await run(`UPDATE messages SET ${column} = '2025-01-01' WHERE chat_id = $1 AND seq IN (1, 7)`, [chatId]);
    expect(await kept(chatId, 50)).toEqual([1, 7]);
    expect(await segmentsOf(chatId)).toEqual(["2-6", `8-${TOTAL - NEWEST_KEPT}`]);
    // In time they go, too, each to its place.
    await run(`UPDATE messages SET ${column} = '2024-12-31' WHERE chat_id = $1 AND seq IN (1, 7)`, [chatId]);
    expect(await kept(chatId, 50)).toEqual([]);
    expect(await segmentsOf(chatId)).toEqual(["1-1", "2-6", "7-7", `8-${TOTAL - NEWEST_KEPT}`]);
  });

  it("what somebody reacted to since", async () => {
    const chatId = await createOldChat(test.engine, { count: TOTAL });
    await run("INSERT INTO reactions SELECT $1, '👀', 'bob', '2025-01-01'", [await idOf(chatId, 5)]);
    expect(await kept(chatId, 50)).toContain(5);
  });

  it("what the log of commits still names, for nodes that missed it", async () => {
    const chatId = await createOldChat(test.engine, { count: TOTAL });
    await run(
      "UPDATE messages SET deleted_at = NULL, type = 'text', edited_at = NULL WHERE chat_id = $1 AND seq IN (4, 9)",
      [chatId],
    );
    await editMessage(test.engine, {
      actor: alice,
      chatId,
      messageId: await idOf(chatId, 4),
      content: "changed",
    });
    const reaction = { emoji: "👀", remove: true, actor: alice, chatId, messageId: await idOf(chatId, 9) };
    await reactToMessage(test.engine, { ...reaction, remove: false });
    await reactToMessage(test.engine, reaction);
    await run(
      "UPDATE messages SET edited_at = '2024-02-02' WHERE chat_id = $1 AND edited_at > '2025-01-01'",
      [chatId],
    );
    expect(await kept(chatId, 50)).toEqual([4, 9]);
    await run("DELETE FROM commits");
    expect(await kept(chatId, 50)).toEqual([]);
  });

  it("what notifications have not been made of, or are still to be decided", async () => {
    const chatId = await createOldChat(test.engine, { count: TOTAL });
    await run("UPDATE chats SET notified_seq = 30 WHERE id = $1", [chatId]);
    await run(
      `INSERT INTO notifications (id, user_id, type, category, chat_id, from_seq, to_seq, message_count, state)
        VALUES (gen_random_uuid(), 'bob', 'new_message', 'new_message', $1, 11, 20, 10, 'waiting')`,
      [chatId],
    );
    expect((await archive(chatId)).messages).toBe(10);
    await run("UPDATE notifications SET state = 'suppressed' WHERE chat_id = $1", [chatId]);
    expect((await archive(chatId)).messages).toBe(20);
  });

  it("everything of a chat on legal hold", async () => {
    const chatId = await createOldChat(test.engine, { count: TOTAL });
    const hold = (legalHold: boolean) =>
      setRetention(test.engine, { actor: operator, chatId, change: { legalHold } });
    await hold(true);
    expect(await archive(chatId)).toMatchObject({ messages: 0, ended: "legal_hold" });
    await hold(false);
    expect((await archive(chatId)).messages).toBe(SEGMENT_MESSAGES + 1);
  });

  it("everything while somebody holds the chat for long", async () => {
    const chatId = await createOldChat(test.engine, { count: TOTAL });
    const client = await test.engine.database.pool.connect();
    await client.query("BEGIN");
    await client.query("SELECT FROM chats WHERE id = $1 FOR UPDATE", [chatId]);
    expect(await archive(chatId)).toMatchObject({ messages: 0, ended: "busy" });
    await client.query("ROLLBACK");
    client.release();
    expect((await archive(chatId)).messages).toBe(SEGMENT_MESSAGES + 1);
  });

  it("everything that does not come back from its segment as it was", async () => {
    const chatId = await createOldChat(test.engine, { count: TOTAL });
    const rows = await readRawRows(test.engine, chatId);
    await run(`CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      NEW.data := set_byte(NEW.data, 100, get_byte(NEW.data, 100) # 1); RETURN NEW; END $$`);
    await run("CREATE TRIGGER spoil BEFORE INSERT ON archive_segments FOR EACH ROW EXECUTE FUNCTION spoil()");
    await expect(archive(chatId)).rejects.toThrow();
    await run(`CREATE OR REPLACE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      UPDATE messages SET content = 'changed behind the lock' WHERE chat_id = NEW.chat_id AND seq = 2; RETURN NEW; END $$`);
    await expect(archive(chatId)).rejects.toThrow(/differ from their archive segment/);
    await run("DROP TRIGGER spoil ON archive_segments");
    expect(await readRawRows(test.engine, chatId)).toEqual(rows);
    expect(await segmentsOf(chatId)).toEqual([]);
    expect((await archive(chatId)).messages).toBe(SEGMENT_MESSAGES + 1);
  });
});

it("loses and doubles nothing while people write, and two archive at once", async () => {
  const chatId = await createOldChat(test.engine, { count: TOTAL + SEGMENT_MESSAGES });
  const other = openTestEngine(test.databaseUrl);
  const send = (place: number) =>
    sendMessage(test.engine, {
      actor: alice,
      chatId,
      draft: { content: `${place}`, type: "text", clientId: `new-${place}` },
    });
  await Promise.all([
    archive(chatId),
    archiveChat(other.engine, { chatId, before }),
    ...Array.from({ length: 40 }, (_, place) => send(place)),
  ]);
  const total = TOTAL + SEGMENT_MESSAGES + 40;

  await archive(chatId);
  await closeEngine(other.engine);
  const seqs = (await history(chatId, total)).flatMap(({ messages }) => messages.map(({ seq }) => seq));
  expect(seqs).toEqual(Array.from({ length: total }, (_, index) => index + 1));
  expect((await segmentsOf(chatId)).length).toBeGreaterThan(1);
});
