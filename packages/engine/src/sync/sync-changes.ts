import type { Actor, Message } from "@parley/contracts";
import type { ChatSummary } from "../chats/chat.js";
import { summariseChats } from "../chats/summarise-chats.js";
import { guardDatabase } from "../database/database-failure.js";
import { DATABASE_IDENTITY } from "../database/database-identity.js";
import type { Transaction } from "../database/transaction.js";
import type { Engine } from "../engine.js";
import { Prisma } from "../generated/prisma/client.js";
import { messageFromRow } from "../messages/message-row.js";
import { changedMembers } from "./changed-members.js";
import { decodeSyncCursor, encodeSyncCursor, type SyncCursor } from "./sync-cursor.js";
import { isNew, type Span } from "./sync-span.js";
import { BEFORE_ALL, isFromThePast, shortenSnapshot } from "./transaction-snapshot.js";

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

/** New messages per chat that a snapshot brings; older ones are read as history. */
const SNAPSHOT_MESSAGES = 20;
const CHATS_PER_PAGE = 50;

/**
 * Every change in the actor's chats (those of their list) since a cursor: new, edited and deleted messages, reactions, read positions,
 * membership, chats. Without a cursor, or with one that can't be honoured, a snapshot. So with one from before a change of a message that
 * was archived since: nothing is read from the archive here, and a client that was away for so long is told to begin anew.
 *
 * A cursor is a transaction snapshot: a transaction that was still open when the cursor was made is behind it, however late it
 * commits, so nothing is skipped; and one that others overtook keeps nothing back, so what was told is not told again.
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

/** From where to where this page reads; a cursor of another history begins anew, as after a restore, and so does one from the future. */
async function readSpan(transaction: Transaction, text: string | undefined): Promise<Span> {
  const rows = await transaction.$queryRaw<Array<{ snapshot: string; database: string }>>`
    SELECT pg_current_snapshot()::text AS snapshot, ${Prisma.raw(DATABASE_IDENTITY)} AS database`;
  const { snapshot, database } = rows[0] ?? { snapshot: BEFORE_ALL, database: "0" };
  const now = shortenSnapshot(snapshot);
  const cursor: SyncCursor | null = text === undefined ? null : decodeSyncCursor(text);
  const known = cursor !== null && cursor.database === database && isFromThePast(cursor.from, snapshot);
  if (!known) return { database, from: BEFORE_ALL, until: now, full: true, after: null };
  const { from, page } = cursor;
  if (page === undefined) return { database, from, until: now, full: false, after: null };
  const { until, chat, rev, full } = page;
  return { database, from, until, full, after: { chat, rev } };
}

interface ChangedChat {
  id: string;
  /** Everything up to this revision has been told. */
  known_rev: number;
  last_seq: number;
  /** The cursor may be older than something that was archived since. */
  has_archived_news: boolean;
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
  if (!span.full && changed.some((chat) => chat.has_archived_news))
    return readPage(context, { ...input, span: await readSpan(transaction, undefined) });
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
  // Only while that leads on, which a snapshot that had to be shortened may not.
  const leadsOn = span.after !== null && span.until !== span.from;
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
      CASE WHEN ${span.full} OR ${isNew("m.joined_xid", span.from)} THEN 0 ELSE coalesce((
        SELECT told.rev FROM messages told
        WHERE told.chat_id = c.id AND pg_visible_in_snapshot(told.changed_xid, ${span.from}::pg_snapshot)
        ORDER BY told.rev DESC LIMIT 1), 0) END) AS known_rev,
      c.last_seq, c.id <> ${place}::uuid AS fresh,
      coalesce(c.archived_xid >= pg_snapshot_xmin(${span.from}::pg_snapshot), false)
        AND NOT ${isNew("m.joined_xid", span.from)} AS has_archived_news
    FROM members m JOIN chats c ON c.id = m.chat_id
    WHERE m.user_id = ${userId} AND m.left_at IS NULL AND m.role <> 'guest'
      AND (${isNew("c.changed_xid", span.from)} OR ${isNew("m.own_xid", span.from)})
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
  const newest = await transaction.message.findMany({
    where,
    // The order says which index is meant.
    orderBy: { seq: "desc" },
    take: SNAPSHOT_MESSAGES,
  });
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
