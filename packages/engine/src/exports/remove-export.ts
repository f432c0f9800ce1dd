import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { fileStoreOf } from "../files/file-store-of.js";
import { guardStorage } from "../files/guard-storage.js";
import { partKey } from "./export-part.js";

/** Removes an export's bytes; the task itself stays. Throws files_unavailable, storage_unavailable, database_unavailable. */
export async function removeExport(engine: Engine, task: { id: string; place: unknown }): Promise<void> {
  const { parts = [] } = task.place as { parts?: unknown[] };
  // One more: the next part may have been stored and not yet noted when the worker died.
  for (let at = 0; at <= parts.length; at++) {
    if (engine.files === undefined && parts.length === 0) break;
    await guardStorage(() => fileStoreOf(engine).storage.delete(partKey(task.id, at)));
  }
  await guardDatabase(() =>
    engine.database.prisma.dataTask.update({
      where: { id: task.id },
      data: { expiresAt: null, place: {} },
      select: { id: true },
    }),
  );
}
