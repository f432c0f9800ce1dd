import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { fileStoreOf } from "../files/file-store-of.js";
import { guardStorage } from "../files/guard-storage.js";
import { type ExportPart, partKey } from "./export-part.js";

/** Removes an export's bytes; the task itself stays. Throws files_unavailable, storage_unavailable, database_unavailable. */
export async function removeExport(engine: Engine, task: { id: string; place: unknown }): Promise<void> {
  const { parts = [], writing } = task.place as { parts?: ExportPart[]; writing?: string };
  // One more: the next part may have been stored and not yet noted when the worker died.
  const keys = [...parts, undefined].map((_, at) => partKey(task.id, { parts, at }));
  if (writing !== undefined) keys.push(writing);
  for (const key of keys) {
    if (engine.files === undefined && parts.length === 0) break;
    await guardStorage(() => fileStoreOf(engine).storage.delete(key));
  }
  await guardDatabase(() =>
    engine.database.prisma.dataTask.update({
      where: { id: task.id },
      data: { expiresAt: null, place: {} },
      select: { id: true },
    }),
  );
}
