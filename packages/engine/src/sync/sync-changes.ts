import type { Actor, Message } from "@parley/contracts";
import type { ChatSummary } from "../chats/chat.js";
import { summariseChats } from "../chats/summarise-chats.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Transaction } from "../database/transaction.js";
import type { Engine } from "../engine.js";
import { messageFromRow } from "../messages/message-row.js";
import { decodeSyncCursor, encodeSyncCursor, type SyncCursor } from "./sync-cursor.js";

export interface SyncedMember {
  chatId: string;
  userId: string;
  role: string;
  joinedAt: string;
  leftAt: string | null;
}

export interface SyncedReceipt {
  chatId: string;
  userId: string;
  /** As the reader of the page may see them. */
  readSeq: number;
  deliveredSeq: number;
}

export interface SyncPage {
  messages: Message[];
  chats: ChatSummary[];
  members: SyncedMember[];
  receipts: SyncedReceipt[];
  cursor: string;
  hasMore: boolean;
  /** The answer begins a snapshot: the client forgets what it has. */
  reset: boolean;
}

interface Span {
  database: string;
  from: string;
  until: string;
  full: boolean;
  after: { chat: string; rev: number } | null;
}

/** New messages per chat that a snapshot brings; older ones are read as history. */
const SNAPSHOT_MESSAGES = 20;
const CHATS_PER_PAGE = 50;

/**
 * Every change in the actor's chats since a cursor: new, edited and deleted messages, reactions, read positions,
 * membership, chats. Without a cursor, or with one that can't be honoured, a snapshot.
 *
 * A cursor is a transaction snapshot: a transaction that was still open when the cursor was made lies behind it, however late it
 * commits, so nothing is skipped. What was told once may be told again.
 */
export async function syncChanges(
  engine: Engine,
  input: { actor: Actor; cursor?: string | undefined; limit: number },
): Promise<SyncPage> {
  return guardDatabase(() =>
    engine.database.prisma.$transaction(
      async (transaction) => {
        const span = await readSpan(transaction, input.cursor);
        return readPage({ engine, transaction }, { span, userId: input.actor.userId, limit: input.limit });
      },
      { isolationLevel: "RepeatableRead" },
    ),
  );
}

/** From where to where this page reads; a cursor from the future (another database) begins anew. */
async function readSpan(transaction: Transaction, text: string | undefined): Promise<Span> {
  const rows = await transaction.$queryRaw<Array<{ xmin: string; xmax: string; database: string }>>`
    SELECT pg_snapshot_xmin(s)::text AS xmin, pg_snapshot_xmax(s)::text AS xmax,
      (SELECT system_identifier::text FROM pg_control_system()) AS database
    FROM pg_current_snapshot() s`;
  const now = rows[0] ?? { xmin: "0", xmax: "0", database: "0" };
  const { database } = now;
  const cursor: SyncCursor | null = text === undefined ? null : decodeSyncCursor(text);
  const known = cursor !== null && cursor.database === database && BigInt(cursor.from) <= BigInt(now.xmax);
  if (!known) return { database, from: "0", until: now.xmin, full: true, after: null };
  const { from, page } = cursor;
  if (page === undefined) return { database, from, until: now.xmin, full: false, after: null };
  const { until, chat, rev, full } = page;
  return { database, from, until, full, after: { chat, rev } };
}

interface ChangedChat {
  id: string;
  /** Everything up to this revision has been told. */
  known_rev: number;
  last_seq: number;
  /** Its first page: members and positions are told with it, and not again. */
  fresh: boolean;
}

async function readPage(
  context: { engine: Engine; transaction: Transaction },
  input: { span: Span; userId: string; limit: number },
): Promise<SyncPage> {
  const { transaction } = context;
  const { span, userId, limit } = input;
  const changed = await changedChats(transaction, { span, userId });
  const told: ChangedChat[] = [];
  const messages: Message[] = [];
  let stop: { chat: string; rev: number } | null = null;
  for (const chat of changed.slice(0, CHATS_PER_PAGE)) {
    const room = limit - messages.length;
    if (room <= 0) break;
    const rows = await readMessages(transaction, { chat, span, take: room + 1 });
    messages.push(...rows.slice(0, room).map(messageFromRow));
    told.push(chat);
    stop = { chat: chat.id, rev: rows.length > room ? (rows[room - 1]?.rev ?? 0) : END_OF_CHAT };
    if (rows.length > room) break;
  }
  const isCut = stop !== null && (stop.rev !== END_OF_CHAT || told.length < changed.length);
  // Later pages go on from the first one's snapshot. What has happened since is told by the live connection, but that may be another
  // one than at the first page: so the end of several pages is never the end of the news.
  // Only while that leads on: a transaction that stays open for long holds the snapshots where they are.
  const leadsOn = span.after !== null && BigInt(span.until) > BigInt(span.from);
  const hasMore = isCut || leadsOn;
  return {
    messages,
    ...(await readAround(context, { told, span, userId })),
    cursor: encodeSyncCursor(
      isCut && stop !== null
        ? { database: span.database, from: span.from, page: { until: span.until, ...stop, full: span.full } }
        : { database: span.database, from: span.until },
    ),
    hasMore,
    reset: span.full && span.after === null,
  };
}

/** Larger than any revision: the chat before this place has been told to its end. */
const END_OF_CHAT = 2_147_483_647;

/**
 * The user's chats that changed since the cursor, in id order from the page's place on. Revisions of a chat commit in their order
 * (its row is locked), so everything up to the newest message from before the cursor has been told.
 */
async function changedChats(
  transaction: Transaction,
  input: { span: Span; userId: string },
): Promise<ChangedChat[]> {
  const { span, userId } = input;
  const place = span.after?.chat ?? "00000000-0000-0000-0000-000000000000";
  const rev = span.after?.rev ?? 0;
  return transaction.$queryRaw<ChangedChat[]>`
    SELECT c.id, greatest(
      CASE WHEN c.id = ${place}::uuid THEN ${rev}::int ELSE 0 END,
      CASE WHEN ${span.full} OR m.joined_xid >= ${span.from}::xid8 THEN 0 ELSE coalesce((
        SELECT told.rev FROM messages told
        WHERE told.chat_id = c.id AND told.changed_xid < ${span.from}::xid8
        ORDER BY told.rev DESC LIMIT 1), 0) END) AS known_rev,
      c.last_seq, c.id <> ${place}::uuid AS fresh
    FROM members m JOIN chats c ON c.id = m.chat_id
    WHERE m.user_id = ${userId} AND m.left_at IS NULL
      AND (c.changed_xid >= ${span.from}::xid8 OR m.own_xid >= ${span.from}::xid8)
      AND (c.id > ${place}::uuid OR (c.id = ${place}::uuid AND ${rev}::int < ${END_OF_CHAT}::int))
    ORDER BY c.id LIMIT ${CHATS_PER_PAGE + 1}`;
}

async function readMessages(
  transaction: Transaction,
  input: { chat: ChangedChat; span: Span; take: number },
) {
  const { chat, span, take } = input;
  if (!span.full) {
    const where = { chatId: chat.id, rev: { gt: chat.known_rev } };
    return transaction.message.findMany({ where, orderBy: { rev: "asc" }, take });
  }
  // A snapshot brings few messages of each chat: found by their numbers, told in the order of revisions like all others.
  const where = { chatId: chat.id, seq: { gt: chat.last_seq - SNAPSHOT_MESSAGES } };
  const newest = await transaction.message.findMany({ where });
  return newest
    .filter((message) => message.rev > chat.known_rev)
    .sort((left, right) => left.rev - right.rev)
    .slice(0, take);
}

/** The chats of the page as they stand, with members and read positions; and chats that the user is out of. */
async function readAround(
  context: { engine: Engine; transaction: Transaction },
  input: { told: ChangedChat[]; span: Span; userId: string },
): Promise<Pick<SyncPage, "chats" | "members" | "receipts">> {
  const { transaction } = context;
  const { span, userId } = input;
  const ids = input.told.map((chat) => chat.id);
  const rows = await transaction.chat.findMany({
    where: { id: { in: ids } },
    include: { members: { where: { userId, leftAt: null } } },
    orderBy: { id: "asc" },
  });
  const fresh = input.told.filter((chat) => chat.fresh).map((chat) => chat.id);
  const members = await changedMembers(transaction, { ids: fresh, span, userId });
  return {
    chats: await summariseChats(
      { prisma: transaction, now: context.engine.clock() },
      rows.map((row) => ({ chat: row, membership: row.members[0] })),
    ),
    members: members.map((row) => ({
      chatId: row.chat_id,
      userId: row.user_id,
      role: row.role,
      joinedAt: row.joined_at.toISOString(),
      leftAt: row.left_at?.toISOString() ?? null,
    })),
    receipts: members
      .filter((row) => row.left_at === null)
      .map((row) => ({
        chatId: row.chat_id,
        userId: row.user_id,
        readSeq: row.read_seq,
        deliveredSeq: row.delivered_seq,
      })),
  };
}

interface MemberRow {
  chat_id: string;
  user_id: string;
  role: string;
  joined_at: Date;
  left_at: Date | null;
  read_seq: number;
  delivered_seq: number;
}

/** Above this size a chat tells of the reader and of who came and went, not of everybody's position. */
const NAMED_MEMBERS = 50;

async function changedMembers(
  transaction: Transaction,
  input: { ids: string[]; span: Span; userId: string },
): Promise<MemberRow[]> {
  const { ids, span, userId } = input;
  // Somebody who is new to the chat knows none of its members yet.
  return transaction.$queryRaw<MemberRow[]>`
    SELECT m.chat_id, m.user_id, m.role, m.joined_at, m.left_at,
      CASE WHEN m.user_id = ${userId} THEN m.read_seq ELSE coalesce(m.shown_read_seq, m.read_seq) END AS read_seq,
      CASE WHEN m.user_id = ${userId} THEN greatest(m.read_seq, m.delivered_seq) ELSE m.delivered_seq END
        AS delivered_seq
    FROM chats c
    JOIN members mine ON mine.chat_id = c.id AND mine.user_id = ${userId}
    JOIN members m ON m.chat_id = c.id
    WHERE c.id = ANY (${ids}::uuid[])
      AND (m.changed_xid >= ${span.from}::xid8 OR mine.joined_xid >= ${span.from}::xid8
        OR (m.user_id = ${userId} AND m.own_xid >= ${span.from}::xid8))
      AND (m.left_at IS NULL OR NOT ${span.full})
      AND (c.member_count <= ${NAMED_MEMBERS} OR m.user_id = ${userId}
        OR (NOT ${span.full} AND (m.joined_xid >= ${span.from}::xid8 OR m.left_at IS NOT NULL)))
    UNION ALL
    SELECT m.chat_id, m.user_id, m.role, m.joined_at, m.left_at, m.read_seq, m.delivered_seq
    FROM members m
    WHERE m.user_id = ${userId} AND m.left_at IS NOT NULL AND m.changed_xid >= ${span.from}::xid8
      AND NOT ${span.full} AND ${span.after === null}`;
}
