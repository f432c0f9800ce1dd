import type { Transaction } from "../database/transaction.js";
import { HeldMeanwhile } from "./erasure.js";

/** The chat must be locked: a hold that is set later waits for this transaction. Throws HeldMeanwhile. */
export async function assertNotHeld(transaction: Transaction, chatId: string): Promise<void> {
  const { legalHold } = await transaction.chat.findUniqueOrThrow({
    where: { id: chatId },
    select: { legalHold: true },
  });
  if (legalHold) throw new HeldMeanwhile(`the chat ${chatId} is on legal hold`);
}
