import type { Transaction } from "../database/transaction.js";

/**
 * Makes the notifications that an order has a chat now, in the transaction that opens it: for everyone in it but who opened it. A chat
 * that begins with a message needs none: that message announces the order. Returns their ids.
 */
export async function storeNewOrder(
  transaction: Transaction,
  input: { chatId: string; memberIds: readonly string[]; openedBy: string },
): Promise<string[]> {
  const userIds = input.memberIds.filter((userId) => userId !== input.openedBy);
  const rows = await transaction.$queryRaw<Array<{ id: string }>>`
    INSERT INTO notifications (id, user_id, type, category, chat_id, from_seq, to_seq, newest_at, due_at, created_at)
    SELECT new_notification_id(t.now), u.user_id, 'new_order', notification_category('new_order'), ${input.chatId}::uuid, 0, 0,
      t.now, t.now, t.now
    FROM unnest(${userIds}::text[]) AS u(user_id) CROSS JOIN (SELECT clock_timestamp() AS now) t
    RETURNING id`;
  return rows.map(({ id }) => id);
}
