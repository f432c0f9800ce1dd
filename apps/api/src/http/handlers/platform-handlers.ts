import { shareReceipt, updateOrder } from "@parley/engine";
import { presentMessage } from "../../native/present-message.js";
import type { Handlers } from "./handler.js";

export const platformHandlers = {
  updateOrder: async ({ engine, actor }, { params, body }) =>
    presentMessage(await updateOrder(engine, { actor, orderId: params.order_id, update: body })),

  shareReceipt: async ({ engine, actor }, { params, body }) => {
    const { receipt_url: receiptUrl, shared_by: sharedBy } = body;
    return presentMessage(await shareReceipt(engine, { actor, chatId: params.id, receiptUrl, sharedBy }));
  },
} satisfies Partial<Handlers>;
