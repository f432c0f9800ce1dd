import { Readable } from "node:stream";
import { type Actor, ParleyError } from "@parley/contracts";
import { noteAct } from "../audit/record-audit.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import type { ByteRange } from "../files/file-store.js";
import { fileStoreOf } from "../files/file-store-of.js";
import { guardStorage } from "../files/guard-storage.js";
import type { Download } from "../files/open-file.js";
import { type ExportPart, partKey } from "./export-part.js";

/** Opens an export, and notes in the audit log who does. Refuses: role_required, task_not_found, export_not_there, files_unavailable. */
export async function openExport(
  engine: Engine,
  { actor, taskId }: { actor: Actor; taskId: string },
): Promise<Download> {
  if (actor.role !== "admin") throw new ParleyError("role_required");
  fileStoreOf(engine);
  const task = await guardDatabase(() =>
    engine.database.prisma.dataTask.findUnique({ where: { id: taskId } }),
  );
  if (task === null) throw new ParleyError("task_not_found");
  const isThere = task.state === "done" && task.expiresAt !== null && task.expiresAt > engine.clock();
  if (task.kind !== "export" || !isThere) throw new ParleyError("export_not_there");
  const { parts } = task.place as unknown as { parts: ExportPart[] };
  const subject = { kind: "user", id: task.userId } as const;
  await noteAct(engine, { actor, action: "data.export_downloaded", subject, detail: { task_id: taskId } });
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  return {
    name: `export-${taskId}.tar`,
    mimeType: "application/x-tar",
    size,
    digest: taskId,
    isNeverKept: true,
    read: async (range) =>
      Readable.from(bytesOf(engine, { taskId, parts, range: range ?? { first: 0, last: size - 1 } })),
  };
}

/** What of the parts lies within the range, one after the other. Throws storage_unavailable, export_not_there. */
async function* bytesOf(
  engine: Engine,
  { taskId, parts, range }: { taskId: string; parts: readonly ExportPart[]; range: ByteRange },
): AsyncGenerator<Uint8Array> {
  let begin = 0;
  for (const [at, { size }] of parts.entries()) {
    const first = Math.max(range.first - begin, 0);
    const last = Math.min(range.last - begin, size - 1);
    begin += size;
    if (first > last) continue;
    const bytes = await guardStorage(() =>
      fileStoreOf(engine).storage.get(partKey(taskId, { parts, at }), { first, last }),
    );
    if (bytes === undefined) throw new ParleyError("export_not_there");
    yield* bytes as AsyncIterable<Uint8Array>;
  }
}
