import { z } from "zod";
import { emoji, externalId, nonNegativeInt, pageLimit, positiveInt, uuid } from "../fields.js";
import {
  editBody,
  markDeliveredBody,
  markDeliveredResult,
  markReadBody,
  markReadResult,
  messageDraftShape,
  messagePage,
  messageShape,
  orderUpdateBody,
  reactionResult,
  receiptBody,
} from "./message-shapes.js";
import type { Operation } from "./operation.js";

const chatParams = z.object({ id: uuid });
const messageParams = z.object({ id: uuid, mid: uuid });

export const messageOperations = {
  sendMessage: {
    method: "post",
    path: "/v1/chat/{id}/messages",
    tag: "Messages",
    summary: "Send a message",
    description: "201 means stored. With a `client_id`, the same send again answers with the first message.",
    params: chatParams,
    body: messageDraftShape,
    status: 201,
    result: messageShape,
    sends: true,
  },
  listMessages: {
    method: "get",
    path: "/v1/chat/{id}/messages",
    tag: "Messages",
    summary: "A chat's history",
    description:
      "By page (page 1 is the newest), or by position with one of `before_seq`, `after_seq` and `around_seq`.",
    params: chatParams,
    query: z
      .object({
        page: positiveInt.default(1),
        limit: pageLimit(50),
        before_seq: nonNegativeInt.optional(),
        after_seq: nonNegativeInt.optional(),
        around_seq: nonNegativeInt.optional(),
      })
      .refine(
        (query) =>
          [query.before_seq, query.after_seq, query.around_seq].filter((position) => position !== undefined)
            .length <= 1,
        "only one of before_seq, after_seq and around_seq",
      ),
    status: 200,
    result: messagePage,
  },
  markMessagesRead: {
    method: "put",
    path: "/v1/chat/{id}/messages/read",
    tag: "Messages",
    summary: "Read up to the newest of these messages",
    params: chatParams,
    body: markReadBody,
    status: 200,
    result: markReadResult,
  },
  markMessagesDelivered: {
    method: "put",
    path: "/v1/chat/{id}/messages/delivered",
    tag: "Messages",
    summary: "My device has every message up to a number",
    description:
      "Marks wait up to 0.2 s for company. In chats of more than 50 members they are accepted, but neither kept nor told.",
    params: chatParams,
    body: markDeliveredBody,
    status: 200,
    result: markDeliveredResult,
  },
  editMessage: {
    method: "patch",
    path: "/v1/chat/{id}/messages/{mid}",
    tag: "Messages",
    summary: "Change the text of my message",
    params: messageParams,
    body: editBody,
    status: 200,
    result: messageShape,
  },
  deleteMessage: {
    method: "delete",
    path: "/v1/chat/{id}/messages/{mid}",
    tag: "Messages",
    summary: "Delete a message; its place is kept",
    params: messageParams,
    status: 200,
    result: messageShape,
  },
  addReaction: {
    method: "put",
    path: "/v1/chat/{id}/messages/{mid}/reactions/{emoji}",
    tag: "Messages",
    summary: "React to a message",
    params: messageParams.extend({ emoji }),
    status: 200,
    result: reactionResult,
  },
  removeReaction: {
    method: "delete",
    path: "/v1/chat/{id}/messages/{mid}/reactions/{emoji}",
    tag: "Messages",
    summary: "Take a reaction back",
    params: messageParams.extend({ emoji }),
    status: 200,
    result: reactionResult,
  },
  updateOrder: {
    method: "post",
    path: "/v1/orders/{order_id}/updates",
    tag: "Platform",
    summary: "Tell the order's chat about an update of the order",
    roles: ["system", "admin"],
    params: z.object({ order_id: externalId }),
    body: orderUpdateBody,
    status: 201,
    result: messageShape,
  },
  shareReceipt: {
    method: "post",
    path: "/v1/chat/{id}/receipts",
    tag: "Platform",
    summary: "Share a receipt in a chat (system, admin, or the chat's shopper)",
    params: chatParams,
    body: receiptBody,
    status: 201,
    result: messageShape,
  },
} as const satisfies Record<string, Operation>;
