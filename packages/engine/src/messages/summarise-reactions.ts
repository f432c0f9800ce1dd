import type { Reaction } from "@parley/contracts";
import type { Transaction } from "../database/transaction.js";

const NAMED_PEOPLE = 20;

/** What a message says of its reactions: by emoji, in the order in which they came. */
export async function summariseReactions(transaction: Transaction, messageId: string): Promise<Reaction[]> {
  return transaction.$queryRaw<Reaction[]>`
    SELECT emoji, count(*)::int AS count,
      (array_agg(user_id ORDER BY created_at, user_id))[1:${NAMED_PEOPLE}::int] AS "userIds"
    FROM reactions WHERE message_id = ${messageId}::uuid
    GROUP BY emoji ORDER BY min(created_at), emoji`;
}
