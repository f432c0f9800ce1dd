import { z } from "zod";
import { pageLimit } from "../fields.js";
import { chatShape } from "./chat-shapes.js";
import { messageShape } from "./message-shapes.js";
import type { Operation } from "./operation.js";

export const syncQuery = z.object({ cursor: z.string().max(2000).optional(), limit: pageLimit(200) });

export const syncResult = z
  .object({
    messages: z.array(messageShape),
    chats: z.array(chatShape),
    members: z.array(
      z.object({
        chat_id: z.uuid(),
        user_id: z.string(),
        role: z.string(),
        joined_at: z.iso.datetime(),
        left_at: z.iso.datetime().optional(),
      }),
    ),
    receipts: z.array(
      z.object({ chat_id: z.uuid(), user_id: z.string(), read_seq: z.int(), delivered_seq: z.int() }),
    ),
    cursor: z.string(),
    has_more: z.boolean(),
    reset: z.boolean().meta({ description: "The answer is a snapshot: forget what you have." }),
  })
  .meta({ id: "SyncPage" });

export const syncOperations = {
  sync: {
    method: "get",
    path: "/v1/sync",
    tag: "Sync",
    summary: "Every change in my chats since a cursor",
    query: syncQuery,
    status: 200,
    result: syncResult,
  },
} as const satisfies Record<string, Operation>;
