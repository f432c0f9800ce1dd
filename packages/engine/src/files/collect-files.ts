import { filePath } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { discardFile } from "./discard-file.js";
import { fileStoreOf } from "./file-store-of.js";

const PAGE = 100;
/** What could not be removed is tried again then. */
const TRY_AGAIN_AFTER = "10 minutes";

// A row that a send attaches at this moment is locked or has another `check_at` by now; once `deleted_at` is set, nothing attaches it.
const JUDGE = {
  name: "judge-files",
  text: `WITH due AS MATERIALIZED (
      SELECT id, deleted_at IS NULL AND EXISTS (
        SELECT FROM messages m WHERE m.attachment_url = $1 || f.id AND m.attachment_url LIKE '/v1/files/%'
        UNION ALL SELECT FROM archived_messages a WHERE a.file_url = $1 || f.id AND a.file_url IS NOT NULL) AS is_needed
      FROM files f WHERE check_at <= coalesce($4::timestamptz, now()) ORDER BY check_at LIMIT $2 FOR UPDATE SKIP LOCKED
    )
    UPDATE files f SET
      check_at = CASE WHEN is_needed THEN NULL ELSE coalesce($4::timestamptz, now()) + $3::interval END,
      deleted_at = CASE WHEN is_needed THEN NULL ELSE coalesce(deleted_at, now()) END
    FROM due WHERE f.id = due.id RETURNING f.id, is_needed AS "isNeeded"`,
};

export interface CollectedFiles {
  /** Looked at, and attached to a message. */
  needed: number;
  removed: number;
  /** Not needed, but the storage could not be reached; tried again later. */
  failed: number;
}

/**
 * Removes the files whose time has come and that no message has attached: uploads that were never sent, uploads that broke off with their
 * process, and those of deleted messages. Any number may run at once. Refuses: files_unavailable, database_unavailable.
 */
export async function collectFiles(engine: Engine, input: { now?: Date } = {}): Promise<CollectedFiles> {
  fileStoreOf(engine);
  const result = { needed: 0, removed: 0, failed: 0 };
  const values = [filePath(""), PAGE, TRY_AGAIN_AFTER, input.now ?? null];
  for (;;) {
    const { rows } = await guardDatabase(() =>
      engine.database.pool.query<{ id: string; isNeeded: boolean }>({ ...JUDGE, values }),
    );
    for (const { id, isNeeded } of rows) {
      if (isNeeded) result.needed++;
      else if (await discardFile(engine, id)) result.removed++;
      else result.failed++;
    }
    if (rows.length < PAGE) return result;
  }
}
