import { AUDIENCE_LIST_LIMIT, type Change, type ChangeBody, ParleyError } from "@parley/contracts";
import type { Engine } from "../engine.js";
import { publishChanges } from "../events/publish.js";
import type { Prisma } from "../generated/prisma/client.js";
import { guardDatabase } from "./database-failure.js";

export type Transaction = Prisma.TransactionClient;

/** A chat whose row is locked for the length of the transaction: nothing else numbers messages or revisions in it. */
export interface LockedChat {
  id: string;
  type: "order" | "direct" | "group";
  status: "active" | "closed" | "archived";
  lastSeq: number;
  memberCount: number;
  /** The revision for the next change; each change takes one. */
  takeRev: () => number;
  /** Also moves lastSeq: a message stored in this transaction. */
  takeSeq: () => number;
}

export interface ChangeWork<Result> {
  result: Result;
  /** One per revision taken, in that order. */
  bodies: ChangeBody[];
  /** People who are told although they are (no longer) members. */
  also?: string[];
  exceptConnection?: string | undefined;
}

export interface ChangeInput<Result> {
  chatId: string;
  work: (transaction: Transaction, chat: LockedChat) => Promise<ChangeWork<Result>>;
}

interface ChatRow {
  type: LockedChat["type"];
  status: LockedChat["status"];
  last_seq: number;
  last_rev: number;
  member_count: number;
}

const TRANSACTION_LIMITS = { maxWait: 3_000, timeout: 10_000 };

/**
 * Changes a chat's state in one transaction and publishes after the commit. Every change that is not a plain send goes
 * through here; the chat's row lock orders it against the group commit of all nodes.
 */
export async function changeChat<Result>(engine: Engine, input: ChangeInput<Result>): Promise<Result> {
  const { changes, result } = await guardDatabase(() =>
    engine.database.prisma.$transaction((transaction) => runChange(transaction, input), TRANSACTION_LIMITS),
  );
  if (changes.length > 0) publishChanges(engine, changes);
  return result;
}

async function runChange<Result>(transaction: Transaction, input: ChangeInput<Result>) {
  const { chatId } = input;
  const row = await lockRow(transaction, chatId);
  let rev = row.last_rev;
  const chat: LockedChat = {
    id: chatId,
    type: row.type,
    status: row.status,
    lastSeq: row.last_seq,
    memberCount: row.member_count,
    takeRev: () => ++rev,
    takeSeq: () => ++chat.lastSeq,
  };
  const work = await input.work(transaction, chat);
  if (rev === row.last_rev) return { changes: [], result: work.result };
  await transaction.$executeRaw`
    UPDATE chats SET last_rev = ${rev}, last_seq = ${chat.lastSeq}, changed_xid = pg_current_xact_id()
    WHERE id = ${chatId}::uuid`;
  await stampRows(transaction, { chatId, after: row.last_rev });
  const audience = await readAudience(transaction, {
    chatId,
    before: row.member_count,
    also: work.also ?? [],
  });
  const changes: Change[] = work.bodies.map((body, index) => ({
    chatId,
    rev: row.last_rev + 1 + index,
    seq: chat.lastSeq,
    audience,
    ...(work.exceptConnection === undefined ? {} : { exceptConnection: work.exceptConnection }),
    body,
  }));
  return { changes, result: work.result };
}

/** Every row that took one of the new revisions says which transaction it was: catch-up compares that with its snapshot. */
async function stampRows(transaction: Transaction, input: { chatId: string; after: number }): Promise<void> {
  await transaction.$executeRaw`
    UPDATE messages SET changed_xid = pg_current_xact_id()
    WHERE chat_id = ${input.chatId}::uuid AND rev > ${input.after}`;
  await transaction.$executeRaw`
    UPDATE members SET changed_xid = pg_current_xact_id()
    WHERE chat_id = ${input.chatId}::uuid AND rev > ${input.after}`;
}

async function lockRow(transaction: Transaction, chatId: string): Promise<ChatRow> {
  const rows = await transaction.$queryRaw<ChatRow[]>`
    SELECT type::text, status::text, last_seq, last_rev, member_count FROM chats
    WHERE id = ${chatId}::uuid FOR NO KEY UPDATE`;
  const row = rows[0];
  if (row === undefined) throw new ParleyError("chat_not_found");
  return row;
}

/** The members by name as long as the chat was small before the change, so that growing past the limit reaches everyone. */
async function readAudience(
  transaction: Transaction,
  input: { chatId: string; before: number; also: string[] },
): Promise<string[] | null> {
  if (input.before > AUDIENCE_LIST_LIMIT) return null;
  const members = await transaction.member.findMany({
    where: { chatId: input.chatId, leftAt: null },
    select: { userId: true },
  });
  return [...new Set([...members.map((member) => member.userId), ...input.also])];
}
