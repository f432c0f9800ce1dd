import type { Database } from "../database/database.js";
import { guardDatabase } from "../database/database-failure.js";
import type { ArchivedRow } from "./archived-row.js";
import { readArchivedMessage } from "./read-message-range.js";

/** By what an archived message is found. */
export type ArchivedName =
  | { id: string }
  | { number: number }
  | { chatId: string; senderId: string; clientId: string };

/** An archived message by one of its names. Says nothing about who may know of it. Throws database_unavailable. */
export async function findArchived(database: Database, name: ArchivedName): Promise<ArchivedRow | null> {
  const place = await findArchivedPlace(database, name);
  return place && (await readArchivedMessage(database, place));
}

/** Where an archived message stands in its chat; of purged ones, only those that a client id names are known. */
export async function findArchivedPlace(
  database: Database,
  name: ArchivedName,
): Promise<{ chatId: string; seq: number } | null> {
  const select = { chatId: true, seq: true } as const;
  return guardDatabase(async () => {
    const { prisma } = database;
    if ("id" in name) return prisma.archivedMessage.findUnique({ where: { id: name.id }, select });
    if ("number" in name)
      return prisma.archivedMessage.findUnique({ where: { number: name.number }, select });
    const rows = await prisma.$queryRaw<Array<{ chatId: string; seq: number }>>`
      SELECT chat_id AS "chatId", seq FROM archived_messages
      WHERE client_key IS NOT NULL AND client_key = archived_client_key(${name.chatId}::uuid, ${name.senderId}, ${name.clientId})`;
    return rows[0] ?? null;
  });
}
