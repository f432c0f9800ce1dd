import {
  type Actor,
  AUDIENCE_LIST_LIMIT,
  type Change,
  type ChangeBody,
  ParleyError,
} from "@parley/contracts";
import type { Engine } from "../engine.js";
import { publishChanges } from "../events/publish.js";
import type { Member } from "../generated/prisma/client.js";
import { assertMayRead } from "../policy.js";
import { guardDatabase } from "./database-failure.js";
import { logCommit } from "./log-commit.js";
import type { Transaction } from "./transaction.js";

/** A chat whose row is locked for the length of the transaction: nothing else numbers messages or revisions in it. */
export interface LockedChat {
  id: string;
  type: "order" | "direct" | "group";
  status: "active" | "closed" | "archived";
  shopperId: string | null;
  lastSeq: number;
  memberCount: number;
  /** The actor's place in the chat, read under the lock: who was removed a moment ago has none. */
  membership: Member | undefined;
  /** The database's clock under the lock, so that times do not run against the numbering. */
  now: Date;
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
}

export interface ChangeInput<Result> {
  actor: Actor;
  chatId: string;
  work: (transaction: Transaction, chat: LockedChat) => Promise<ChangeWork<Result>>;
}

interface ChatRow {
  type: LockedChat["type"];
  status: LockedChat["status"];
  shopper_id: string | null;
  last_seq: number;
  last_rev: number;
  member_count: number;
  now: Date;
}

const TRANSACTION_LIMITS = { maxWait: 3_000, timeout: 10_000 };

/**
 * Changes a chat's state in one transaction and publishes after the commit. Every change that is not a plain send goes
 * through here; the chat's row lock orders it against the group commit of all nodes, and within this process the changes of a
 * chat wait for each other outside the database, so that one chat never holds more than one connection.
 * Refuses: chat_not_found (also to outsiders), overloaded, database_unavailable, and what `work` refuses.
 */
export async function changeChat<Result>(engine: Engine, input: ChangeInput<Result>): Promise<Result> {
  return engine.turns.take(input.chatId, async () => {
    const { changes, result } = await guardDatabase(() =>
      engine.database.prisma.$transaction((transaction) => runChange(transaction, input), TRANSACTION_LIMITS),
    );
    if (changes.length > 0) publishChanges(engine, changes);
    return result;
  });
}

async function runChange<Result>(transaction: Transaction, input: ChangeInput<Result>) {
  const { chatId } = input;
  const row = await lockRow(transaction, chatId);
  const membership = await readMembership(transaction, input);
  assertMayRead(input.actor, membership);
  let rev = row.last_rev;
  const chat: LockedChat = {
    id: chatId,
    type: row.type,
    status: row.status,
    shopperId: row.shopper_id,
    lastSeq: row.last_seq,
    memberCount: row.member_count,
    membership,
    now: row.now,
    takeRev: () => ++rev,
    takeSeq: () => ++chat.lastSeq,
  };
  const work = await input.work(transaction, chat);
  if (rev === row.last_rev) return { changes: [], result: work.result };
  await stampChange(transaction, { chat, rev, row, bodies: work.bodies });
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
    body,
  }));
  return { changes, result: work.result };
}

async function lockRow(transaction: Transaction, chatId: string): Promise<ChatRow> {
  const rows = await transaction.$queryRaw<ChatRow[]>`
    SELECT type::text, status::text, shopper_id, last_seq, last_rev, member_count FROM chats
    WHERE id = ${chatId}::uuid FOR NO KEY UPDATE`;
  const row = rows[0];
  if (row === undefined) throw new ParleyError("chat_not_found");
  const times = await transaction.$queryRaw<Array<{ now: Date }>>`SELECT clock_timestamp() AS now`;
  return { ...row, now: times[0]?.now ?? new Date() };
}

async function readMembership(
  transaction: Transaction,
  input: { actor: Actor; chatId: string },
): Promise<Member | undefined> {
  const where = { chatId: input.chatId, userId: input.actor.userId, leftAt: null };
  return (await transaction.member.findFirst({ where })) ?? undefined;
}

/** The chat's new numbers, and for those who catch up: in which transaction its rows changed. */
async function stampChange(
  transaction: Transaction,
  change: { chat: LockedChat; rev: number; row: ChatRow; bodies: ChangeBody[] },
): Promise<void> {
  const { chat, rev, row, bodies } = change;
  await transaction.$executeRaw`
    UPDATE chats SET last_rev = ${rev}, last_seq = ${chat.lastSeq}, changed_xid = pg_current_xact_id()
    WHERE id = ${chat.id}::uuid`;
  await transaction.$executeRaw`
    UPDATE messages SET changed_xid = pg_current_xact_id()
    WHERE chat_id = ${chat.id}::uuid AND rev > ${row.last_rev}`;
  const touched = bodies.flatMap((body) => {
    if (body.name === "member.removed") return [body.userId];
    return body.name === "message.created" ? [body.message.senderId] : [];
  });
  await transaction.$executeRaw`
    UPDATE members SET changed_xid = pg_current_xact_id()
    WHERE chat_id = ${chat.id}::uuid AND user_id = ANY (${touched})`;
  const joined = bodies.flatMap((body) => (body.name === "member.added" ? [body.userId] : []));
  const before = { rev: row.last_rev, seq: row.last_seq };
  await logCommit(transaction, { chatId: chat.id, rev, seq: chat.lastSeq, joined, before });
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
