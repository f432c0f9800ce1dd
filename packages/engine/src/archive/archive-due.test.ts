import { randomUUID } from "node:crypto";
import { filePath } from "@parley/contracts";
import {
  createOldChat,
  createTestStorage,
  openTestNode,
  readRawRows,
  type TestNode,
  until,
} from "@parley/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { verifyChats } from "../audit/verify-chats.js";
import { collectFiles } from "../files/collect-files.js";
import { listMessages } from "../messages/list-messages.js";
import { draftDigest } from "../messages/message-draft.js";
import { sendMessage } from "../messages/send-message.js";
import { archiveDue } from "./archive-due.js";
import { archiveStats, chatArchive } from "./archive-stats.js";
import { NEWEST_KEPT, SEGMENT_MESSAGES } from "./due-messages.js";
import { purgeChat } from "./purge-chat.js";
import { restoreChat } from "./restore-chat.js";
import type { RetentionPolicy } from "./retention.js";
import { setRetention } from "./set-retention.js";

const alice = { userId: "alice", role: "user" };
const operator = { userId: "root", role: "admin" };
/** A year and a half after the old chats' messages. */
const now = new Date("2025-07-01");
const OLD = 10;
const COUNT = NEWEST_KEPT + OLD;

let test: TestNode;

beforeAll(async () => {
  const files = { storage: createTestStorage(), maxBytes: 1_000_000, quotaBytes: 1_000_000 };
  test = await openTestNode({ clock: () => now, files });
});

afterAll(() => test.close());

beforeEach(async () => {
  await run("DELETE FROM chats");
  await run("DELETE FROM archived_messages");
});

const run: TestNode["run"] = (statement, values) => test.run(statement, values);

const days = (order: number, direct: number, group: number) => ({ order, direct, group });
const policyOf = (policy: Partial<RetentionPolicy>): RetentionPolicy => ({
  archiveAfterDays: days(0, 0, 0),
  purgeAfterDays: 0,
  ...policy,
});
const due = (policy: Partial<RetentionPolicy>) => archiveDue(test.engine, { policy: policyOf(policy) });
const newChat = (count = COUNT) => createOldChat(test.engine, { count });
const archiveOf = (chatId: string) => chatArchive(test.engine, { actor: operator, chatId });
const retain = (chatId: string, change: Parameters<typeof setRetention>[1]["change"]) =>
  setRetention(test.engine, { actor: operator, chatId, change });
const storedIn = async (chatId: string) => (await readRawRows(test.engine, chatId)).length;

describe("the retention", () => {
  it("is never, where nothing is set", async () => {
    await newChat();
    expect(await due({})).toMatchObject({ messages: 0, next: undefined });
  });

  it("goes by the type of the chat", async () => {
    const [order, direct, group] = [await newChat(), await newChat(), await newChat()];
    await run("UPDATE chats SET type = 'order' WHERE id = $1", [order]);
    await run("UPDATE chats SET type = 'direct' WHERE id = $1", [direct]);
    expect((await due({ archiveAfterDays: days(30, 700, 0) })).messages).toBe(OLD);
    expect([await storedIn(order), await storedIn(direct), await storedIn(group)]).toEqual([
      NEWEST_KEPT,
      COUNT,
      COUNT,
    ]);
    expect((await due({ archiveAfterDays: days(0, 30, 0) })).messages).toBe(OLD);
    expect((await due({ archiveAfterDays: days(0, 0, 30) })).messages).toBe(OLD);
  });

  it("of a chat wins over its type's, and a legal hold over both", async () => {
    const [longer, never, shorter, held] = [
      await newChat(),
      await newChat(),
      await newChat(),
      await newChat(),
    ];
    await retain(longer, { archiveAfterDays: 700 });
    await retain(never, { archiveAfterDays: 0 });
    await retain(shorter, { archiveAfterDays: 1 });
    await retain(held, { archiveAfterDays: 1, legalHold: true });
    expect((await due({ archiveAfterDays: days(0, 0, 600) })).messages).toBe(OLD);
    expect(await storedIn(shorter)).toBe(NEWEST_KEPT);
    await retain(longer, { archiveAfterDays: null });
    expect((await due({ archiveAfterDays: days(0, 0, 300) })).messages).toBe(OLD);
    expect(await storedIn(longer)).toBe(NEWEST_KEPT);
    expect(await retain(held, { legalHold: false })).toEqual({ archiveAfterDays: 1, legalHold: false });
    expect((await due({})).messages).toBe(OLD);
    expect(await storedIn(never)).toBe(COUNT);
  });

  it("is the operators' to change, and a whole number of days", async () => {
    const chatId = await newChat();
    const change = { archiveAfterDays: 1 };
    await expect(setRetention(test.engine, { actor: alice, chatId, change })).rejects.toMatchObject({
      code: "role_required",
    });
    await expect(restoreChat(test.engine, { actor: alice, chatId })).rejects.toMatchObject({
      code: "role_required",
    });
    await expect(chatArchive(test.engine, { actor: alice, chatId })).rejects.toMatchObject({
      code: "role_required",
    });
    await expect(retain(randomUUID(), change)).rejects.toMatchObject({ code: "chat_not_found" });
    for (const archiveAfterDays of [-1, 1.5, Number.NaN, 36_501])
      await expect(retain(chatId, { archiveAfterDays })).rejects.toMatchObject({ code: "invalid_input" });
  });
});

describe("a run", () => {
  const policy = { archiveAfterDays: days(0, 0, 30) };

  it("goes on where the one before was ended", async () => {
    const chats = [await newChat(), await newChat(COUNT + SEGMENT_MESSAGES), await newChat()].sort();
    let segments = 0;
    const input = { policy: policyOf(policy), afterSegment: async () => ++segments % 2 !== 0 };
    let next: string | undefined;
    let messages = 0;
    let runs = 0;
    do {
      const done = await archiveDue(test.engine, { ...input, after: next });
      messages += done.messages;
      next = done.next;
      runs++;
    } while (next !== undefined);
    expect(runs).toBeGreaterThan(1);
    expect(messages).toBe(3 * OLD + SEGMENT_MESSAGES);
    for (const chatId of chats) expect(await storedIn(chatId)).toBe(NEWEST_KEPT);
  });

  it("goes on with the others when one chat fails, and counts it", async () => {
    const chats = [await newChat(), await newChat(), await newChat()];
    await run(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.chat_id = TG_ARGV[0]::uuid THEN RAISE EXCEPTION 'no'; END IF; RETURN NEW; END $$`);
    await run(
      `CREATE TRIGGER refuse BEFORE INSERT ON archive_segments FOR EACH ROW EXECUTE FUNCTION refuse('${chats[1]}')`,
    );
    expect(await due(policy)).toMatchObject({ messages: 2 * OLD, failures: 1, next: undefined });
    await run("DROP TRIGGER refuse ON archive_segments");
    expect(await due(policy)).toMatchObject({ messages: OLD, failures: 0 });
  });

  it("reports what the archive holds, and what it held before", async () => {
    const chatId = await newChat();
    const { rawBytes, storedBytes } = await due(policy);
    expect(await archiveStats(test.engine)).toEqual({ segments: 1, messages: OLD, rawBytes, storedBytes });
    const settings = { archiveAfterDays: null, legalHold: false, archivedSeq: OLD, purgedSeq: 0 };
    expect(await archiveOf(chatId)).toEqual({
      segments: 1,
      messages: OLD,
      rawBytes,
      storedBytes,
      ...settings,
    });
    expect(rawBytes).toBeGreaterThan(storedBytes);
  });

  it("does not put away again what was restored, until it is told to", async () => {
    const chatId = await newChat();
    await due(policy);
    await restoreChat(test.engine, { actor: operator, chatId });
    expect(await archiveOf(chatId)).toMatchObject({ archiveAfterDays: 0, archivedSeq: 0, segments: 0 });
    expect((await due(policy)).messages).toBe(0);
    await retain(chatId, { archiveAfterDays: null });
    expect((await due(policy)).messages).toBe(OLD);
  });
});

describe("deletion", () => {
  const archiveAll = { archiveAfterDays: days(0, 0, 30) };
  const purge = { ...archiveAll, purgeAfterDays: 500 };
  const page = async (chatId: string, position: Parameters<typeof listMessages>[1]["position"]) => {
    const { messages, ...rest } = await listMessages(test.engine, {
      actor: alice,
      chatId,
      limit: 5,
      position,
    });
    return { ...rest, seqs: messages.map(({ seq }) => seq) };
  };

  it("takes archived messages for good, and history ends there", async () => {
    const chatId = await newChat();
    await due(archiveAll);
    expect((await due({ ...purge, purgeAfterDays: 600 })).purged).toBe(0);
    expect((await due(purge)).purged).toBe(OLD);
    expect(await archiveOf(chatId)).toMatchObject({ segments: 0, purgedSeq: OLD, archivedSeq: OLD });
    const total = NEWEST_KEPT;
    expect(await page(chatId, { beforeSeq: OLD + 3 })).toEqual({ seqs: [11, 12], hasMore: false, total });
    expect(await page(chatId, { beforeSeq: OLD + 7 })).toEqual({
      seqs: [12, 13, 14, 15, 16],
      hasMore: true,
      total,
    });
    expect(await page(chatId, { beforeSeq: 5 })).toEqual({ seqs: [], hasMore: false, total });
    expect(await page(chatId, { afterSeq: 0 })).toEqual({ seqs: [11, 12, 13, 14, 15], hasMore: true, total });
    expect(await page(chatId, { aroundSeq: 2 })).toEqual({
      seqs: [11, 12, 13, 14, 15],
      hasMore: false,
      total,
    });
    expect(await page(chatId, { page: NEWEST_KEPT / 5 })).toEqual({
      seqs: [11, 12, 13, 14, 15],
      hasMore: false,
      total,
    });
    const audit = () => verifyChats(test.engine, { limit: 1_000 });
    const seen = await until(
      async () => ((found) => found.checked === 1 && found)(await audit()),
      "the audit has seen the chat",
    );
    expect(seen.faults).toEqual([]);
  });

  it("keeps to the pace and ends between two segments, too", async () => {
    const chatId = await newChat(NEWEST_KEPT + SEGMENT_MESSAGES + OLD);
    await due(archiveAll);
    const told: number[] = [];
    const stop = async (messages: number) => told.push(messages) < 1;
    const cut = await archiveDue(test.engine, { policy: policyOf(purge), afterSegment: stop });
    expect(cut).toMatchObject({ purged: SEGMENT_MESSAGES, left: 1 });
    expect(cut.next).toBeDefined();
    expect(await archiveOf(chatId)).toMatchObject({ segments: 1, purgedSeq: SEGMENT_MESSAGES });
    const rest = await archiveDue(test.engine, { policy: policyOf(purge), after: cut.next });
    expect([rest.purged, told]).toEqual([OLD, [SEGMENT_MESSAGES]]);
  });

  it("waits for chats with a longer retention of their own as long as for others, and for ever where nothing is archived", async () => {
    const [longer, never] = [await newChat(), await newChat()];
    await retain(never, { archiveAfterDays: 0 });
    // The messages are a year and a half old, 547 days, and what was changed last of them 395.
    await retain(longer, { archiveAfterDays: 390 });
    for (const purgeAfterDays of [0, 380, 200]) {
      await due({ ...archiveAll, purgeAfterDays });
      expect(await archiveOf(longer)).toMatchObject({ messages: OLD, purgedSeq: 0 });
    }
    expect((await due({ ...archiveAll, purgeAfterDays: 150 })).purged).toBe(OLD);
    await retain(never, { archiveAfterDays: 30 });
    await due(archiveAll);
    await retain(never, { archiveAfterDays: 0 });
    expect((await due(purge)).purged).toBe(0);
    expect(await archiveOf(never)).toMatchObject({ messages: OLD });
  });

  it("leaves used client ids used, and nothing else by which a message is found", async () => {
    const chatId = await newChat();
    const draft = { content: "gone", type: "text" as const, clientId: "once" };
    const [old] = await run<{ id: string }>(
      "UPDATE messages SET client_id = $2, digest = $3 WHERE chat_id = $1 AND seq = 4 RETURNING id",
      [chatId, draft.clientId, draftDigest(draft)],
    );
    await due(archiveAll);
    await due(purge);
    await expect(sendMessage(test.engine, { actor: alice, chatId, draft })).rejects.toMatchObject({
      code: "client_id_reused",
    });
    const reply = { content: "to what?", type: "text" as const, replyTo: old?.id ?? "" };
    await expect(sendMessage(test.engine, { actor: alice, chatId, draft: reply })).rejects.toMatchObject({
      code: "reply_to_not_found",
    });
    const left = await run<{ client_key: string | null }>(
      "SELECT client_key FROM archived_messages WHERE chat_id = $1",
      [chatId],
    );
    expect(left.length).toBeGreaterThan(0);
    expect(left.every(({ client_key: key }) => key !== null)).toBe(true);
  });

  it("spares a chat on legal hold, and what is newer than a message that came back", async () => {
    const [held, changed] = [await newChat(), await newChat(COUNT + SEGMENT_MESSAGES)];
    await due(archiveAll);
    await retain(held, { legalHold: true });
    expect(await purgeChat(test.engine, { chatId: held, before: now })).toMatchObject({
      messages: 0,
      ended: "legal_hold",
    });
    const { archivedSeq } = await archiveOf(changed);
    await run(
      `INSERT INTO messages (id, chat_id, seq, rev, sender_id, sender_role, type, content, created_at)
        VALUES (gen_random_uuid(), $1, 0, 0, 'alice', 'user', 'text', '', '2025-06-30')`,
      [changed],
    );
    expect((await due(purge)).purged).toBe(0);
    await run("DELETE FROM messages WHERE chat_id = $1 AND seq = 0", [changed]);
    expect((await due(purge)).purged).toBe(archivedSeq);
    await retain(held, { legalHold: false });
    expect((await due(purge)).purged).toBe(OLD);
  });

  it("lets the files of the messages go, which the archive has kept until then", async () => {
    const chatId = await newChat();
    const fileId = randomUUID();
    await run(
      `INSERT INTO files (id, chat_id, uploader_id, name, size, storage_key, stored_at, check_at)
        VALUES ($1, $2, 'alice', 'a.txt', 1, $3, now(), now())`,
      [fileId, chatId, fileId],
    );
    await run("UPDATE messages SET attachment_url = $2 WHERE chat_id = $1 AND seq = 2", [
      chatId,
      filePath(fileId),
    ]);
    await due(archiveAll);
    expect(await collectFiles(test.engine)).toMatchObject({ needed: 1, removed: 0 });
    await due(purge);
    expect(await collectFiles(test.engine)).toMatchObject({ needed: 0, removed: 1 });
  });
});
