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
  archiveChat: { before: "2025-01-01T00:00:00Z" },
  purgeChat: { confirm: "01890a5d-ac96-774b-bcce-b302099a8057", before: "2020-01-01T00:00:00Z" },
  setChatRetention: { days: 90 },
  setChatHold: { held: true, reason: "Dispute about order 1001" },
  changeSettings: { private_reading: true },
  updateOrder: { status: "in_delivery", eta_minutes: 20 },
  subscribe: {
    endpoint: "https://fcm.googleapis.com/fcm/send/example",
    keys: {
      p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
      auth: "BTBZMqHH6r4Tts7J_aSIgg",
    },
  },
  unsubscribe: { endpoint: "https://fcm.googleapis.com/fcm/send/example" },
  updateNotificationPreferences: {
    promotional: true,
    quiet_hours: { from: "22:00", to: "07:00", time_zone: "Asia/Tokyo" },
    locale: "ja",
  },
  notifyOrderStatus: { order_id: "order-1001", status: "shipped" },
  notifyPaymentUpdate: { type: "captured", amount: 12.5, currency: "EUR", order_id: "order-1001" },
  sendBatch: {
    segment: { roles: ["user"], locales: ["fr"], has_subscription: true },
    notification: { title: "Soldes", body: "Jusqu'à dimanche.", url: "/offres" },
    variants: [
      { name: "plain", weight: 1, notification: {} },
      { name: "eager", weight: 1, notification: { title: "Les soldes sont là" } },
    ],
    client_id: "sales-2030-01",
  },
  drainNode: { reason: "new kernel" },
  muteUser: { until: "2030-01-01T08:00:00Z", reason: "insults" },
  eraseUser: { confirm: "ana", reason: "Request 4711" },
  holdUser: { held: true, reason: "Case 42" },
  shareReceipt: { receipt_url: "https://example.com/receipts/1001.pdf" },
};
