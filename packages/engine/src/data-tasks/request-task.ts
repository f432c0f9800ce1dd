import { type Actor, type DataTaskKind, ParleyError } from "@parley/contracts";
import { recordAudit } from "../audit/record-audit.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Transaction } from "../database/transaction.js";
import type { Engine } from "../engine.js";
import { fileStoreOf } from "../files/file-store-of.js";
import { assertPerson } from "../users/assert-person.js";
import { type DataTask, dataTaskOf } from "./data-task.js";

export interface TaskRequest {
  actor: Actor;
  userId: string;
}

/** Asks for everything that is a person's. Refuses: role_required, forbidden (an id that is nobody's), files_unavailable (there is nowhere to put it). */
export async function exportUser(engine: Engine, request: TaskRequest): Promise<DataTask> {
  fileStoreOf(engine);
  return requestTask(engine, { ...request, kind: "export", reason: null });
}

export interface ErasureRequest extends TaskRequest {
  /** The person's id once more. */
  confirm: string;
  reason: string | null;
}

/** Asks for the erasure of a person. Refuses: role_required, forbidden (an id that is nobody's), invalid_input (not confirmed). */
export async function eraseUser(engine: Engine, request: ErasureRequest): Promise<DataTask> {
  if (request.confirm !== request.userId) {
    const errors = [{ path: "confirm", message: "must be the user's id once more" }];
    throw new ParleyError("invalid_input", { errors });
  }
  return requestTask(engine, { ...request, kind: "erase" });
}

/** One of a kind and person is open at a time: whoever asks again gets that one. */
async function requestTask(
  engine: Engine,
  request: TaskRequest & { kind: DataTaskKind; reason: string | null },
): Promise<DataTask> {
  if (request.actor.role !== "admin") throw new ParleyError("role_required");
  assertPerson(request.userId);
  const task = await guardDatabase(() =>
    engine.database.prisma.$transaction((transaction) =>
      createTask(transaction, { ...request, id: engine.ids() }),
    ),
  );
  engine.enqueue("data.run", { taskId: task.id });
  return task;
}

async function createTask(
  transaction: Transaction,
  request: TaskRequest & { kind: DataTaskKind; reason: string | null; id: string },
): Promise<DataTask> {
  const { actor, id, kind, userId, reason } = request;
  const [made] = await transaction.dataTask.createManyAndReturn({
    data: [{ id, kind, userId, reason, requestedBy: actor.userId }],
    skipDuplicates: true,
  });
  const open = { userId, kind, state: { in: ["waiting", "running"] } };
  const row = made ?? (await transaction.dataTask.findFirstOrThrow({ where: open }));
  if (made !== undefined) {
    const action = kind === "export" ? "data.export_requested" : "data.erasure_requested";
    const subject = { kind: "user", id: userId } as const;
    await recordAudit(transaction, [
      { actor, action, subject, reason: reason ?? undefined, detail: { task_id: id } },
    ]);
  }
  return dataTaskOf(row);
}
