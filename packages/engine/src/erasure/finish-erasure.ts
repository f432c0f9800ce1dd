import { recordAudit } from "../audit/record-audit.js";
import { taskEnded } from "../data-tasks/task-ended.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Transaction } from "../database/transaction.js";
import { publishAccess } from "../events/publish.js";
import { removeExport } from "../exports/remove-export.js";
import { mendSearch } from "../search/mend-search.js";
import { type Counts, countErased, type Erasure } from "./erasure.js";

const AUDIT_AT_ONCE = 1_000;
const OPEN = { state: { in: ["waiting", "running"] } };
const REFUSED = { state: "refused", error: "The person was erased" } as const;

/** What stays, and why; `docs/data-duties.md` says it in full. */
const KEPT = {
  messages:
    "The places of the person's messages, without anything that was in them, so that numbering has no gaps.",
  members: "In chats of pairs and orders a pseudonym has the person's place.",
  audit_entries: "What was done stays provable, under a pseudonym that nobody can trace back.",
  user_access: "A digest of the id, so that tokens from before stay worthless.",
  others: "What other people wrote, also where it is about the person.",
} as const;

/**
 * The end of an erasure: caches, the audit log, other tasks; then, in one transaction, the directory's row and the id itself go. Throws
 * storage_unavailable, database_unavailable, and what `forget` throws.
 */
export async function finishErasure(
  erasure: Erasure,
  input: { wasBlocked: boolean; forget: (userId: string) => Promise<number> },
): Promise<void> {
  const { engine, userId } = erasure;
  // What messages are found by still has their words, until somebody makes it anew.
  await mendSearch(engine);
  const cached = await input.forget(userId);
  const entries = await pseudonymiseAudit(erasure);
  await removeExports(erasure);
  await guardDatabase(() =>
    engine.database.prisma.$transaction((transaction) =>
      forgetPerson(transaction, { erasure, wasBlocked: input.wasBlocked, entries, cached }),
    ),
  );
  // Nodes forget what they keep in memory, and learn that who comes under this id is somebody new.
  publishAccess(engine, [userId]);
}

async function pseudonymiseAudit({ engine, userId, pseudonym, mentions }: Erasure): Promise<number> {
  const values = [userId, pseudonym, mentions.words, AUDIT_AT_ONCE];
  for (let total = 0; ; ) {
    const { rows } = await guardDatabase(() =>
      engine.database.pool.query<{ count: number }>(
        "SELECT pseudonymise_audit_entries($1, $2, $3::text[], $4::int) AS count",
        values,
      ),
    );
    const count = rows[0]?.count ?? 0;
    total += count;
    if (count === 0) return total;
  }
}

/** Whoever works on one of them stores nothing more from then on. */
async function removeExports(erasure: Erasure): Promise<void> {
  const { engine, userId } = erasure;
  await guardDatabase(() =>
    engine.database.prisma.$transaction((transaction) => refuseOthers(transaction, erasure)),
  );
  const exports = await guardDatabase(() =>
    engine.database.prisma.dataTask.findMany({ where: { userId, kind: "export" } }),
  );
  for (const task of exports) await removeExport(engine, task);
}

/** The audit log says it under the pseudonym: it was gone through before. */
async function refuseOthers(transaction: Transaction, erasure: Erasure): Promise<void> {
  const { userId, pseudonym, taskId, engine } = erasure;
  const ended = await transaction.dataTask.updateManyAndReturn({
    where: { userId, id: { not: taskId }, ...OPEN },
    data: { ...REFUSED, finishedAt: engine.clock() },
    select: { id: true, kind: true, requestedBy: true },
  });
  const nameless = ended.map(({ requestedBy, ...task }) => ({
    ...task,
    requestedBy: requestedBy === userId ? pseudonym : requestedBy,
  }));
  await recordAudit(
    transaction,
    nameless.map((task) => taskEnded(task, { ...REFUSED, userId: pseudonym })),
  );
}

interface End {
  erasure: Erasure;
  wasBlocked: boolean;
  /** Of the audit log, under the pseudonym now. */
  entries: number;
  cached: number;
}

async function forgetPerson(transaction: Transaction, end: End): Promise<void> {
  const { erasure, wasBlocked } = end;
  const { userId, pseudonym } = erasure;
  const { count: users } = await transaction.user.deleteMany({ where: { id: userId } });
  await countErased(transaction, erasure, { users, cached_entries: end.cached });
  const [access] = await transaction.$queryRaw<Array<{ blocked: boolean }>>`
    DELETE FROM user_access WHERE user_id = ${userId} RETURNING coalesce(blocked_after, ${wasBlocked}) AS blocked`;
  await transaction.$executeRaw`
    INSERT INTO user_access (user_id, revoked_before, blocked)
    VALUES (erased_user_key(${userId}), clock_timestamp(), ${access?.blocked ?? wasBlocked})
    ON CONFLICT (user_id) DO UPDATE SET revoked_before = clock_timestamp(), blocked = excluded.blocked, changed_xid = pg_current_xact_id()`;
  await transaction.engagementUser.deleteMany({ where: { userId } });
  await transaction.archiveRun.updateMany({
    where: { requestedBy: userId },
    data: { requestedBy: pseudonym },
  });
  await transaction.userHold.updateMany({ where: { heldBy: userId }, data: { heldBy: pseudonym } });
  await endTasks(transaction, end);
}

/** Also this one: together with the id, so that no later run takes the pseudonym for a person. */
async function endTasks(transaction: Transaction, { erasure, entries }: End): Promise<void> {
  const { userId, pseudonym, taskId, engine } = erasure;
  const finishedAt = engine.clock();
  const others = { userId, id: { not: taskId } };
  await refuseOthers(transaction, erasure);
  const nameless = { userId: pseudonym, reason: null };
  await transaction.dataTask.updateMany({ where: others, data: nameless });
  await transaction.dataTask.updateMany({ where: { requestedBy: userId }, data: { requestedBy: pseudonym } });
  const { report, requestedBy } = await transaction.dataTask.findUniqueOrThrow({ where: { id: taskId } });
  const { erased = {} } = (report ?? {}) as { erased?: Counts };
  await transaction.dataTask.update({
    where: { id: taskId },
    data: {
      ...nameless,
      state: "done",
      progress: 1,
      finishedAt,
      place: {},
      report: { erased, kept: KEPT, pseudonymised: { audit_entries: entries } },
    },
    select: { id: true },
  });
  const task = { id: taskId, kind: "erase", requestedBy };
  await recordAudit(transaction, [taskEnded(task, { state: "done", userId: pseudonym })]);
}
