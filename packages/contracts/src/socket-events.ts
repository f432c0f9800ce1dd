import { z } from "zod";
import { NOTIFICATION_TYPES } from "./notification.js";
import { messageShape } from "./rest/message-shapes.js";

const at = z.iso.datetime();
const rev = z.int().meta({ description: "The revision of the chat that this change took." });

const errorShape = z
  .object({
    code: z.string(),
    message: z.string(),
    retry_after_ms: z.int().optional(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: "SocketError" });

/** Every event that the server sends on the native socket, by its name on the wire. */
export const SOCKET_EVENTS = {
  connected: {
    summary: "The connection is live: from here on, nothing is missed",
    payload: z.object({ userId: z.string(), role: z.string(), timestamp: at }),
  },
  chat_history: {
    summary: "The messages that `join_chat` asked for",
    payload: z.object({ chatId: z.uuid(), messages: z.array(messageShape), hasMore: z.boolean() }),
  },
  new_message: { summary: "A message in one of my chats, my own included", payload: messageShape },
  message_updated: {
    summary: "A message was edited, deleted or reacted to",
    payload: z.object({ chatId: z.uuid(), message: messageShape }),
  },
  messages_read: {
    summary: "A member read up to `readSeq`",
    payload: z.object({
      userId: z.string(),
      chatId: z.uuid(),
      messageIds: z
        .array(z.uuid())
        .meta({ description: "The newest of the ids that were named, 200 at most; `readSeq` says it all." }),
      readSeq: z.int(),
      rev: rev
        .optional()
        .meta({ description: "Absent when I have read in private: only my own connections are told." }),
      timestamp: at,
    }),
  },
  messages_delivered: {
    summary: "A member's device has every message up to `deliveredSeq`; told of chats with up to 50 members",
    payload: z.object({ userId: z.string(), chatId: z.uuid(), deliveredSeq: z.int(), rev, timestamp: at }),
  },
  user_joined: {
    summary: "Someone opened the chat",
    payload: z.object({ userId: z.string(), role: z.string(), chatId: z.uuid(), timestamp: at }),
  },
  user_left: {
    summary: "Someone closed the chat",
    payload: z.object({ userId: z.string(), role: z.string(), chatId: z.uuid(), timestamp: at }),
  },
  typing_indicator: {
    summary: "Someone started or stopped typing",
    payload: z.object({
      userId: z.string(),
      role: z.string(),
      chatId: z.uuid(),
      action: z.enum(["start", "stop"]),
      timestamp: at,
    }),
  },
  presence_update: {
    summary: "Someone who shares a chat with me came or went",
    payload: z.object({
      userId: z.string(),
      status: z.enum(["online", "away", "offline"]),
      lastSeen: at.nullable(),
    }),
  },
  member_added: {
    summary: "Someone became a member; with my own id: I am now in this chat",
    payload: z.object({ chatId: z.uuid(), userId: z.string(), rev }),
  },
  member_removed: {
    summary: "Someone is no longer a member; with my own id: I am out of this chat",
    payload: z.object({ chatId: z.uuid(), userId: z.string(), rev }),
  },
  order_update: {
    summary: "The order of a chat changed; the message arrives as `new_message` too",
    payload: z.object({
      orderId: z.string(),
      update: z.record(z.string(), z.unknown()),
      message: messageShape,
    }),
  },
  receipt_shared: {
    summary: "A receipt was shared; the message arrives as `new_message` too",
    payload: z.object({
      chatId: z.uuid(),
      receiptUrl: z.string(),
      sharedBy: z.string(),
      message: messageShape,
    }),
  },
  notification: {
    summary: "There is something new in my list of notifications",
    payload: z.object({
      id: z.uuid(),
      type: z.enum(NOTIFICATION_TYPES),
      title: z.string(),
      body: z.string(),
      data: z.record(z.string(), z.union([z.string(), z.number()])),
      created_at: at,
    }),
  },
  server_draining: {
    summary: "This node is about to stop: connect again after the given time",
    payload: z.object({ retryAfterMs: z.int() }),
  },
  bus: {
    summary:
      "How news from other nodes travels: `ok`, at once; `degraded`, up to 2 s late, and presence and typing pause",
    payload: z.object({ state: z.enum(["ok", "degraded"]) }),
  },
  token_expiring: {
    summary: "The token has expired: send `reauthenticate` within `graceMs`, or the connection ends",
    payload: z.object({ graceMs: z.int() }),
  },
  connection_ending: {
    summary: "The server ends this connection; says why, and whether to come back",
    payload: z.object({ reason: z.string(), message: z.string(), reconnect: z.boolean() }),
  },
  error: { summary: "A request without an acknowledgement failed", payload: errorShape },
} as const satisfies Record<string, { summary: string; payload: z.ZodType }>;

export type SocketEventName = keyof typeof SOCKET_EVENTS;
export type SocketEventPayload<Name extends SocketEventName> = z.infer<
  (typeof SOCKET_EVENTS)[Name]["payload"]
>;
