import { guardDatabase } from "../database/database-failure.js";
import type { Transaction } from "../database/transaction.js";
import type { Engine } from "../engine.js";
import type { ArchiveRun as Row } from "../generated/prisma/client.js";

export type ArchiveRunKind = "scheduled" | "requested" | "archive" | "restore" | "purge";
export type ArchiveRunState = "waiting" | "running" | "done" | "failed" | "interrupted";

/** What a run has done so far. */
export interface ArchiveRunCounts {
  /** Of which something was moved or deleted. */
  chats: number;
  /** Archived or brought back. */
  messages: number;
  purged: number;
  rawBytes: number;
  storedBytes: number;
}

/** A run of the archive, by the clock or asked for. */
export interface ArchiveRun extends ArchiveRunCounts {
  id: string;
  kind: ArchiveRunKind;
  chatId: string | null;
  requestedBy: string | null;
  /** Messages from before this time are meant; null: all that may go. */
  before: Date | null;
  state: ArchiveRunState;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  /** Chats that were due when it ended; null: not known. */
  chatsLeft: number | null;
  error: string | null;
}

/** A run as who is at it has it. */
export interface ArchiveRunInHand extends ArchiveRun {
  /** Says that it is still theirs: whoever takes it up makes another one. */
  holder: string;
}

/** How a run ended. */
export interface ArchiveRunEnd extends Partial<ArchiveRunCounts> {
  state: Exclude<ArchiveRunState, "running">;
  chatsLeft?: number | null;
  error?: string | null;
}

/** After so long without a sign of life a run counts as killed. */
const LOST_AFTER_MS = 90_000;
export const SIGN_OF_LIFE_MS = 15_000;
const KEPT = 500;

/** Notes that a run by the clock begins. Throws database_unavailable. */
export async function beginArchiveRun(engine: Engine): Promise<ArchiveRunInHand> {
  const now = engine.clock();
  const holder = engine.ids();
  const data = {
    id: engine.ids(),
    kind: "scheduled",
    state: "running",
    createdAt: now,
    startedAt: now,
    seenAt: now,
    holder,
  };
  const { prisma } = engine.database;
  return guardDatabase(async () => ({ ...fromRow(await prisma.archiveRun.create({ data })), holder }));
}

/**
 * Takes the oldest run that was asked for and has nobody at it, but for the ones in `except`; what a killed process had begun, too. One of all chats
 * and one of a single chat go on at a time, so that a short one need not wait for a long one, and many that were asked for don't take every slot of
 * the workers. Undefined: there is none to be had now.
 */
export async function takeArchiveRun(
  engine: Engine,
  { except = [] }: { except?: readonly string[] } = {},
): Promise<ArchiveRunInHand | undefined> {
  const now = engine.clock();
  const holder = engine.ids();
  const lost = new Date(now.getTime() - LOST_AFTER_MS);
  const take = async (transaction: Transaction) => {
    await lockArchiveRuns(transaction);
    const taken = await transaction.$queryRaw<Array<{ id: string }>>`
      UPDATE archive_runs SET state = 'running', started_at = coalesce(started_at, ${now}::timestamptz), seen_at = ${now}::timestamptz,
        holder = ${holder}::uuid
      WHERE id = (
        SELECT id FROM archive_runs asked
        WHERE state IN ('waiting', 'running') AND (state = 'waiting' OR seen_at < ${lost}::timestamptz) AND kind <> 'scheduled'
          AND id <> ALL (${[...except]}::uuid[])
          AND NOT EXISTS (SELECT FROM archive_runs busy WHERE busy.state = 'running' AND busy.kind <> 'scheduled'
            AND busy.seen_at >= ${lost}::timestamptz AND (busy.chat_id IS NULL) = (asked.chat_id IS NULL))
        ORDER BY created_at LIMIT 1
      ) RETURNING id::text`;
    const id = taken[0]?.id;
    if (id === undefined) return undefined;
    return { ...fromRow(await transaction.archiveRun.findUniqueOrThrow({ where: { id } })), holder };
  };
  return guardDatabase(() => engine.database.prisma.$transaction(take));
}

/**
 * What is asked for and taken is judged by all other runs, so it is done by one at a time; each statement after this sees what the one before has
 * done. The table is small, and held for a few statements.
 */
export async function lockArchiveRuns(transaction: Transaction): Promise<void> {
  await transaction.$executeRaw`LOCK TABLE archive_runs IN SHARE ROW EXCLUSIVE MODE`;
}

/** Says that a run is still going on. False: somebody else is at it by now. Throws database_unavailable. */
export async function keepArchiveRun(engine: Engine, { id, holder }: ArchiveRunInHand): Promise<boolean> {
  const { prisma } = engine.database;
  const { count } = await guardDatabase(() =>
    prisma.archiveRun.updateMany({ where: { id, holder }, data: { seenAt: engine.clock() } }),
  );
  return count === 1;
}

/**
 * Notes how a run ended, or that it waits to be gone on with; its counts are added. Runs that found nothing to do are forgotten, but the last, and so
 * are old ones, but for what was asked for and is still to be done.
 * False: somebody else is at it by now, and only the counts were added.
 */
export async function endArchiveRun(
  engine: Engine,
  { run: { id, holder }, end }: { run: ArchiveRunInHand; end: ArchiveRunEnd },
): Promise<boolean> {
  const { chats = 0, messages = 0, purged = 0, rawBytes = 0, storedBytes = 0, state } = end;
  const finishedAt = state === "waiting" ? null : engine.clock();
  const counts = {
    chats: { increment: chats },
    messages: { increment: messages },
    purged: { increment: purged },
    bytesBefore: { increment: rawBytes },
    bytesAfter: { increment: storedBytes },
  };
  const rest = { state, finishedAt, chatsLeft: end.chatsLeft ?? null, error: end.error ?? null };
  return guardDatabase(async () => {
    const { prisma } = engine.database;
    const { count } = await prisma.archiveRun.updateMany({
      where: { id, holder },
      data: { ...counts, ...rest },
    });
    if (count === 0) {
      await prisma.archiveRun.updateMany({ where: { id }, data: counts });
      return false;
    }
    await prisma.archiveRun.deleteMany({
      where: { kind: "scheduled", state: "done", messages: 0, purged: 0, id: { not: id } },
    });
    await prisma.$executeRaw`
      DELETE FROM archive_runs WHERE id IN (SELECT id FROM archive_runs
        WHERE kind = 'scheduled' OR state NOT IN ('waiting', 'running') ORDER BY id DESC OFFSET ${KEPT}::int)`;
    return true;
  });
}

/** The last runs, newest first. Throws database_unavailable. */
export async function listArchiveRuns(engine: Engine, limit: number): Promise<ArchiveRun[]> {
  const { prisma } = engine.database;
  const rows = await guardDatabase(() =>
    prisma.archiveRun.findMany({ orderBy: { id: "desc" }, take: limit }),
  );
  const lost = new Date(engine.clock().getTime() - LOST_AFTER_MS);
  return rows.map((row) => fromRow(row, { lost }));
}

/** A run whose process is gone is told as what it is, before anybody has taken it up. */
export function fromRow(row: Row, { lost }: { lost?: Date } = {}): ArchiveRun {
  const isLost = row.state === "running" && lost !== undefined && row.seenAt !== null && row.seenAt < lost;
  return {
    id: row.id,
    kind: row.kind as ArchiveRunKind,
    chatId: row.chatId,
    requestedBy: row.requestedBy,
    before: row.before,
    state: isLost ? "interrupted" : (row.state as ArchiveRunState),
    createdAt: row.createdAt,
    startedAt: row.startedAt,
    finishedAt: row.finishedAt,
    chats: row.chats,
    messages: Number(row.messages),
    purged: Number(row.purged),
    rawBytes: Number(row.bytesBefore),
    storedBytes: Number(row.bytesAfter),
    chatsLeft: row.chatsLeft,
    error: row.error,
  };
}
