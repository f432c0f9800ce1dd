import { type Actor, type Message, ParleyError } from "@parley/contracts";
import { changeChat } from "../database/change-chat.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import type { Prisma } from "../generated/prisma/client.js";
import { storeSystemMessage } from "../messages/store-system-message.js";
import { isPrivileged } from "../policy.js";

export interface UpdateOrderInput {
  actor: Actor;
  orderId: string;
  /** `status` and whatever else the platform says about the order. */
  update: Record<string, unknown> & { status: string };
}

/**
 * Tells an order's chat that the order changed: stores a system message and keeps the latest update with the chat.
 * Refuses: role_required, chat_not_found, chat_closed.
 */
export async function updateOrder(engine: Engine, input: UpdateOrderInput): Promise<Message> {
  const { actor, orderId, update } = input;
  if (!isPrivileged(actor)) throw new ParleyError("role_required");
  const found = await guardDatabase(() =>
    engine.database.prisma.chat.findUnique({ where: { orderId }, select: { id: true } }),
  );
  if (found === null) throw new ParleyError("chat_not_found", { message: "This order has no chat." });
  return changeChat(engine, {
    actor,
    chatId: found.id,
    work: async (transaction, chat) => {
      if (chat.status !== "active") throw new ParleyError("chat_closed");
      const message = await storeSystemMessage(
        { engine, transaction },
        {
          chat,
          sender: actor,
          type: "order_update",
          content: `Your order status has been updated to: ${update.status}`,
          metadata: { order_id: orderId, update },
        },
      );
      await transaction.chat.update({
        where: { id: chat.id },
        data: { order: update as Prisma.InputJsonObject },
        select: { id: true },
      });
      return { result: message, bodies: [{ name: "message.created", message }] };
    },
  });
}
