import type { Transaction } from "../database/transaction.js";

/** Messages of a chat went from where they are searched, or came back: what they are found by is made anew soon. Edits are noted by a trigger. */
export async function noteSearchChange(
  transaction: Transaction,
  { chatId, firstSeq, lastSeq }: { chatId: string; firstSeq: number; lastSeq: number },
): Promise<void> {
  await transaction.$executeRaw`
    INSERT INTO search_changes (chat_id, first_seq, last_seq) VALUES (${chatId}::uuid, ${firstSeq}::int, ${lastSeq}::int)`;
}
