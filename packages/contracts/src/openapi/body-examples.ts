import type { z } from "zod";
import type { OperationId, REST_CATALOGUE } from "../rest/catalogue.js";

type WithBody = {
  [Id in OperationId]: (typeof REST_CATALOGUE)[Id] extends { body: z.ZodType } ? Id : never;
}[OperationId];

type Body<Id extends WithBody> = z.input<Extract<(typeof REST_CATALOGUE)[Id], { body: z.ZodType }>["body"]>;

/** One request body for each call that takes one, ready to be sent. */
export const BODY_EXAMPLES: { [Id in WithBody]: Body<Id> } = {
  createChat: { order_id: "order-1001", user_id: "ana", shopper_id: "sam" },
  addMembers: { user_ids: ["kim"] },
  muteChat: { until: "2030-01-01T08:00:00Z" },
  changeChatStatus: { status: "closed" },
  sendMessage: { content: "Hello, I am at the shop.", type: "text", client_id: "phone-7f3a-1" },
  markMessagesRead: { message_ids: ["01890a5d-ac96-774b-bcce-b302099a8057"] },
  markMessagesDelivered: { seq: 42 },
  editMessage: { content: "Hello, I am at the shop now." },
  changeSettings: { private_reading: true },
  updateOrder: { status: "in_delivery", eta_minutes: 20 },
  shareReceipt: { receipt_url: "https://example.com/receipts/1001.pdf" },
};
