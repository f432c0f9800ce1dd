import { z } from "zod";
import { attachmentUrl, externalId, metadata, positiveInt, textField, uuid, webUrl } from "../fields.js";
import { LIMITS } from "../limits.js";
import { MESSAGE_TYPES } from "../message.js";

/** A message on the native wire. */
export const messageShape = z
  .object({
    id: z.uuid(),
    chat_id: z.uuid(),
    seq: z.int().meta({ description: "Place in the chat: 1, 2, 3, … without gaps." }),
    rev: z.int().meta({ description: "The chat's revision at this message's latest change." }),
    sender_id: z.string(),
    sender_role: z.string(),
    content: z.string().meta({ description: "Empty when the message is deleted." }),
    type: z.enum(MESSAGE_TYPES),
    attachment_url: z.string().optional(),
    attachment_type: z.string().optional(),
    metadata: z.record(z.string(), z.unknown()).optional(),
    reply_to: z.uuid().optional(),
    reactions: z
      .array(z.object({ emoji: z.string(), count: z.int(), user_ids: z.array(z.string()) }))
      .optional()
      .meta({ description: "`user_ids` names at most 20 people." }),
    client_id: z.string().optional(),
    created_at: z.iso.datetime(),
    edited_at: z.iso.datetime().optional(),
    deleted_at: z.iso.datetime().optional(),
    read_at: z.iso
      .datetime()
      .optional()
      .meta({ description: "When the first other member's read position passed the message." }),
  })
  .meta({ id: "Message" });

export type MessageShape = z.infer<typeof messageShape>;

/** What a client sends to make a message. */
export const messageDraftShape = z
  .object({
    content: textField(LIMITS.contentCodePoints).default(""),
    type: z.enum(MESSAGE_TYPES).default("text"),
    attachment_url: attachmentUrl.optional().meta({
      description:
        "A file of this chat as `/v1/files/{file_id}`, or anything on the web. A file that no message has attached is deleted after a day.",
    }),
    attachment_type: z
      .string()
      .max(LIMITS.nameLength)
      .regex(/^[\w.+-]+\/[\w.+-]+$/, "must be a media type such as image/jpeg")
      .optional(),
    metadata: metadata.optional(),
    client_id: externalId.optional().meta({
      description: "Names the message for ever: the same send again answers with the first message.",
    }),
    reply_to: uuid.optional(),
  })
  .refine((draft) => draft.content.trim() !== "" || draft.attachment_url !== undefined, {
    path: ["content"],
    message: "must not be empty",
  })
  .meta({ id: "MessageDraft" });

export type MessageDraftShape = z.infer<typeof messageDraftShape>;

export const messagePage = z
  .object({
    messages: z.array(messageShape).meta({ description: "Oldest first within the page." }),
    hasMore: z.boolean(),
    total: z.int(),
  })
  .meta({ id: "MessagePage" });

export const editBody = z.object({
  content: textField(LIMITS.contentCodePoints).refine((text) => text.trim() !== "", "must not be empty"),
});

export const markReadBody = z.object({ message_ids: z.array(uuid).min(1).max(LIMITS.pageRows) });

export const markReadResult = z.object({
  success: z.literal(true),
  read_seq: z.int(),
  unread_count: z.int(),
});

export const markDeliveredBody = z.object({ seq: positiveInt });

export const markDeliveredResult = z.object({ success: z.literal(true), delivered_seq: z.int() });

export const reactionResult = z.object({
  message_id: z.uuid(),
  reactions: z.array(z.object({ emoji: z.string(), count: z.int(), user_ids: z.array(z.string()) })),
});

export const orderUpdateBody = z
  .looseObject({ status: textField(LIMITS.nameLength).min(1) })
  .refine((update) => metadata.safeParse(update).success, "must be plain JSON within the limits of metadata")
  .meta({ description: "`status` and whatever else belongs to the update." });

export const receiptBody = z.object({ receipt_url: webUrl, shared_by: externalId.optional() });
