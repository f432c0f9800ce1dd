import { ParleyError } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";

/** An upload takes minutes at most; a row that is older belongs to a process that died. */
const GIVEN_UP_AFTER = "1 hour";

// The row of `file_usage` is locked first, so that uploads of one person see each other; the trigger counts this one in.
const RESERVE = {
  name: "reserve-file",
  text: `WITH room AS (
      INSERT INTO file_usage (user_id, bytes) VALUES ($3, 0)
      ON CONFLICT (user_id) DO UPDATE SET bytes = file_usage.bytes RETURNING bytes
    )
    INSERT INTO files (id, chat_id, uploader_id, name, size, storage_key, check_at, client_id)
    SELECT $1, $2, $3, $4, $5::bigint, $6, now() + $8::interval, $9 FROM room WHERE bytes + $5::bigint <= $7::bigint`,
};

export interface Reservation {
  id: string;
  chatId: string;
  uploaderId: string;
  name: string;
  /** The most that it can turn out to have. */
  bytes: number;
  storageKey: string;
  quotaBytes: number;
  /** What the uploader calls the upload; null: nothing. */
  clientId: string | null;
}

/** Makes the row of a file that is about to come, and keeps room for it. Throws file_quota_exceeded. */
export async function reserveFile(engine: Engine, file: Reservation): Promise<void> {
  const { id, chatId, uploaderId, name, bytes, storageKey, quotaBytes, clientId } = file;
  const values = [id, chatId, uploaderId, name, bytes, storageKey, quotaBytes, GIVEN_UP_AFTER, clientId];
  const { rowCount } = await guardDatabase(() => engine.database.pool.query({ ...RESERVE, values }));
  if (rowCount === 0) {
    const message = `Your files may take ${quotaBytes} bytes, and there is no room for this one; delete messages with files first.`;
    throw new ParleyError("file_quota_exceeded", { message });
  }
}
