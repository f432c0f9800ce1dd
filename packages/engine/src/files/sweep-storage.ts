import { isSegmentKey } from "../archive/segment-files.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { taskOfPart } from "../exports/export-part.js";
import { fileStoreOf } from "./file-store-of.js";
import { guardStorage } from "./guard-storage.js";

const PAGE = 500;

/** Objects of files and of their thumbnails, besides those of archive segments and of exports; whatever else lies there is not Parley's to delete. */
const OBJECT = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\.thumbnail)?$/;

const KNOWN = {
  name: "known-files",
  text: `SELECT id::text FROM files WHERE id = ANY ($1::uuid[])
    UNION ALL SELECT storage_key FROM archive_segments WHERE storage_key IS NOT NULL AND storage_key = ANY ($2::text[])
    UNION ALL SELECT part.key FROM unnest($3::uuid[], $4::text[]) AS part(task_id, key) JOIN data_tasks t ON t.id = part.task_id
      WHERE t.state IN ('waiting', 'running')
        OR t.expires_at IS NOT NULL AND (position(part.key IN t.place::text) > 0 OR part.key !~ '-[0-9a-f]{8}$')`,
};

export interface SweptStorage {
  /** Objects without a row that were deleted. */
  removed: number;
  /** What interrupted uploads had left. */
  interrupted: number;
}

/**
 * Deletes what lies in the storage and belongs to no file: objects whose row went with its chat, parts of exports that came to nothing, and what
 * processes that died had begun to write. Only what is older than `olderThanMs` is looked at. Refuses: files_unavailable, storage_unavailable, database_unavailable.
 */
export async function sweepStorage(engine: Engine, input: { olderThanMs: number }): Promise<SweptStorage> {
  const { storage } = fileStoreOf(engine);
  const before = new Date(engine.clock().getTime() - input.olderThanMs);
  return guardStorage(async () => {
    const interrupted = await storage.clearInterrupted(before);
    let removed = 0;
    let page: string[] = [];
    for await (const { key, storedAt } of storage.list()) {
      if (storedAt >= before || !isOwn(key)) continue;
      page.push(key);
      if (page.length < PAGE) continue;
      removed += await removeUnknown(engine, page);
      page = [];
    }
    return { removed: removed + (await removeUnknown(engine, page)), interrupted };
  });
}

const isOwn = (key: string) => OBJECT.test(key) || isSegmentKey(key) || taskOfPart(key) !== undefined;

async function removeUnknown(engine: Engine, keys: readonly string[]): Promise<number> {
  if (keys.length === 0) return 0;
  const { storage } = fileStoreOf(engine);
  const segments = keys.filter(isSegmentKey);
  const files = keys.filter((key) => OBJECT.test(key));
  const parts = keys.filter((key) => taskOfPart(key) !== undefined);
  const idOf = (key: string) => OBJECT.exec(key)?.[1] ?? key;
  const values = [files.map(idOf), segments, parts.map(taskOfPart), parts];
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<{ id: string }>({ ...KNOWN, values }),
  );
  const known = new Set(rows.map(({ id }) => id));
  const unknown = keys.filter((key) => !known.has(idOf(key)));
  for (const key of unknown) await storage.delete(key);
  return unknown.length;
}
