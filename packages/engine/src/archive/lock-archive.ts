import { ParleyError } from "@parley/contracts";
import { guardDatabase, isLockTimeout } from "../database/database-failure.js";
import type { Transaction } from "../database/transaction.js";
import type { Engine } from "../engine.js";

/** A chat as archiving sees it, under its lock. */
export interface ArchivedChat {
  legal_hold: boolean;
  purged_seq: number;
}

const TRANSACTION_LIMITS = { maxWait: 3_000, timeout: 10_000 };

/**
 * Works on a chat's archive in one transaction that holds the chat's row, as everything that changes a chat does. Returns "busy" without having
 * done anything when somebody else held the chat for a second. Throws chat_not_found, database_unavailable.
 */
export async function lockArchive<Result>(
  engine: Engine,
  chatId: string,
  work: (transaction: Transaction, chat: ArchivedChat) => Promise<Result>,
): Promise<Result | "busy"> {
  const locked = async (transaction: Transaction) => {
    await transaction.$executeRaw`SET LOCAL lock_timeout = '1s'`;
    const rows = await transaction.$queryRaw<ArchivedChat[]>`
      SELECT legal_hold, purged_seq FROM chats WHERE id = ${chatId}::uuid FOR NO KEY UPDATE`;
    if (rows[0] === undefined) throw new ParleyError("chat_not_found");
    return work(transaction, rows[0]);
  };
  return guardDatabase(async () => {
    try {
      return await engine.database.prisma.$transaction(locked, TRANSACTION_LIMITS);
    } catch (error) {
      if (isLockTimeout(error)) return "busy";
      throw error;
    }
  });
}
