import { z } from "zod";
import { externalId, textField, timestamp } from "../fields.js";
import { LIMITS } from "../limits.js";
import { messageShape } from "./message-shapes.js";

export const CHAT_TYPES = ["order", "direct", "group"] as const;
export const CHAT_STATUSES = ["active", "closed", "archived"] as const;

const personShape = z
  .object({ id: z.string(), name: z.string().optional(), avatar: z.string().optional() })
  .meta({ id: "Person" });

const memberShape = z
  .object({
    user_id: z.string(),
    name: z.string().optional(),
    avatar: z.string().optional(),
    role: z
      .string()
      .meta({ description: "owner, member, guest (somebody who has entered an open chat), user or shopper" }),
    joined_at: z.iso.datetime(),
    read_seq: z.int(),
    delivered_seq: z.int(),
  })
  .meta({ id: "Member" });

/** A chat on the native wire. */
export const chatShape = z
  .object({
    id: z.uuid(),
    type: z.enum(CHAT_TYPES),
    order_id: z.string().nullable(),
    user_id: z.string().nullable(),
    shopper_id: z.string().nullable(),
    name: z.string().optional(),
    status: z.enum(CHAT_STATUSES),
    last_seq: z.int(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    last_message: messageShape.optional(),
    unread_count: z.int().optional(),
    muted_until: z.iso.datetime().optional(),
  })
  .meta({ id: "Chat" });

export type ChatShape = z.infer<typeof chatShape>;

export const chatDetailShape = chatShape
  .extend({
    order: z.record(z.string(), z.unknown()).nullable(),
    user: personShape.nullable(),
    shopper: personShape.nullable(),
    members: z.array(memberShape),
  })
  .meta({ id: "ChatDetail" });

export type ChatDetailShape = z.infer<typeof chatDetailShape>;

const memberIds = z.array(externalId).min(1).max(LIMITS.memberIdsPerRequest);

/** The three ways to ask for a chat; the first is the marketplace's and needs no `type`. */
export const createChatBody = z.union([
  z.object({ type: z.literal("direct"), user_id: externalId }),
  z.object({
    type: z.literal("group"),
    name: textField(LIMITS.nameLength).min(1),
    member_ids: z.array(externalId).max(LIMITS.memberIdsPerRequest).default([]),
  }),
  z.object({
    type: z.literal("order").optional(),
    order_id: externalId,
    user_id: externalId,
    shopper_id: externalId,
    initial_message: textField(LIMITS.contentCodePoints)
      .refine((text) => text.trim() !== "", "must not be empty")
      .optional(),
  }),
]);

export const chatPage = z
  .object({ chats: z.array(chatShape), total: z.int(), next_cursor: z.string().optional() })
  .meta({ id: "ChatPage" });

export const addMembersBody = z.object({ user_ids: memberIds });

export const memberList = z.object({ members: z.array(memberShape) });

export const muteBody = z.object({ until: timestamp.optional() });

export const muteResult = z.object({ muted_until: z.iso.datetime().nullable() });

export const statusBody = z.object({ status: z.enum(CHAT_STATUSES) });

export const unreadResult = z.object({ unread_count: z.int() });

export const chatStats = z.object({
  total_chats: z.int(),
  active_chats: z.int(),
  closed_chats: z.int(),
  total_messages: z.int(),
  avg_messages_per_chat: z.number(),
});
