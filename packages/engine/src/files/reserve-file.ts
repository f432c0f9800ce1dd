import { ParleyError } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Transaction } from "../database/transaction.js";
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

/**
 * Makes the row of a file that is about to come, and keeps room for it. Of uploads of one name that are under way at the same time one will be
 * stored, so they need the room of the largest. Throws file_quota_exceeded.
 */
export async function reserveFile(engine: Engine, file: Reservation): Promise<void> {
  const { id, chatId, uploaderId, name, bytes, storageKey, quotaBytes, clientId } = file;
  const values = [id, chatId, uploaderId, name, bytes, storageKey, quotaBytes, GIVEN_UP_AFTER, clientId];
  const { rowCount } = await guardDatabase(() => engine.database.pool.query({ ...RESERVE, values }));
  if (rowCount === 0 && !(await reserveBesideTwins(engine, file))) {
    const message = `Your files may take ${quotaBytes} bytes, and there is no room for this one; delete messages with files first.`;
    throw new ParleyError("file_quota_exceeded", { message });
  }
}

/** Judges exactly what the statement above judges too strictly: it counts uploads of one name as if all of them were to be stored. */
async function reserveBesideTwins(engine: Engine, file: Reservation): Promise<boolean> {
  const { id, chatId, uploaderId, name, bytes, storageKey, quotaBytes, clientId } = file;
  const reserve = async (transaction: Transaction): Promise<boolean> => {
    // In a statement before: the next one then sees all that has come and gone until the row was to be had.
    await transaction.$executeRaw`SELECT FROM file_usage WHERE user_id = ${uploaderId} FOR UPDATE`;
    const made = await transaction.$executeRaw`
      WITH coming AS (
        SELECT chat_id, client_id, size FROM files
        WHERE uploader_id = ${uploaderId} AND client_id IS NOT NULL AND stored_at IS NULL
        UNION ALL SELECT ${chatId}::uuid, ${clientId}::text, ${bytes}::bigint WHERE ${clientId}::text IS NOT NULL
      ), twins AS (
        SELECT sum(size) - max(size) AS bytes FROM coming GROUP BY chat_id, client_id
      )
      INSERT INTO files (id, chat_id, uploader_id, name, size, storage_key, check_at, client_id)
      SELECT ${id}::uuid, ${chatId}::uuid, ${uploaderId}, ${name}, ${bytes}::bigint, ${storageKey}, now() + ${GIVEN_UP_AFTER}::interval, ${clientId}
      FROM file_usage WHERE user_id = ${uploaderId}
        AND file_usage.bytes + ${bytes}::bigint - (SELECT coalesce(sum(twins.bytes), 0) FROM twins) <= ${quotaBytes}::bigint`;
    return made === 1;
  };
  return guardDatabase(() => engine.database.prisma.$transaction(reserve));
}
