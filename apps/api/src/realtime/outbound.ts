import type {
  Change,
  ChangeCatalogue,
  ChangeName,
  Message,
  SignalCatalogue,
  SignalName,
  SocketEventName,
  SocketEventPayload,
} from "@parley/contracts";
import { presentMessage } from "../native/present-message.js";
import type { Outbound, Wire } from "./wire.js";

/** A frame for the native wire; the same text goes to every receiver, so an event is encoded once per node. */
type Frame = string;

type ChangeEncoder<Name extends ChangeName> = (
  body: ChangeCatalogue[Name],
  change: Pick<Change, "chatId" | "rev">,
) => Outbound;
type SignalEncoder<Name extends SignalName> = (body: SignalCatalogue[Name], chatId: string | null) => Frame;

export const NAMESPACE = "/chat";

/** A Socket.IO event packet (type 2) of the namespace. */
export function frame<Name extends SocketEventName>(name: Name, payload: SocketEventPayload<Name>): Frame {
  return `2${NAMESPACE},${JSON.stringify([name, payload])}`;
}

const CHANGES = {
  "message.created": ({ message }) => ({ toAll: createdFrames(message) }),
  "message.updated": ({ message }) => ({
    toAll: [frame("message_updated", { chatId: message.chatId, message: presentMessage(message) })],
  }),
  "messages.read": ({ userId, readSeq, ownReadSeq, messageIds, at }, { chatId, rev }) => {
    const read = { userId, chatId, messageIds, readSeq, rev, timestamp: at };
    const shown = [frame("messages_read", read)];
    if (ownReadSeq === undefined) return { toAll: shown };
    const own = [frame("messages_read", { ...read, readSeq: ownReadSeq })];
    return { toEach: (receiverId) => (receiverId === userId ? own : shown) };
  },
  "messages.delivered": ({ userId, deliveredSeq, at }, { chatId, rev }) => ({
    toAll: [frame("messages_delivered", { userId, chatId, deliveredSeq, rev, timestamp: at })],
  }),
  // The native contract has no word for a new chat: everyone in it learns that they are now a member.
  "chat.created": (_body, { chatId, rev }) => ({
    toEach: (userId) => [frame("member_added", { chatId, userId, rev })],
  }),
  "member.added": ({ userId }, { chatId, rev }) => ({
    toAll: [frame("member_added", { chatId, userId, rev })],
  }),
  "member.removed": ({ userId }, { chatId, rev }) => ({
    toAll: [frame("member_removed", { chatId, userId, rev })],
  }),
} as const satisfies { [Name in ChangeName]: ChangeEncoder<Name> };

const SIGNALS = {
  "typing.changed": ({ userId, role, action, at }, chatId) =>
    frame("typing_indicator", { userId, role, chatId: chatId ?? "", action, timestamp: at }),
  "viewer.joined": ({ userId, role, at }, chatId) =>
    frame("user_joined", { userId, role, chatId: chatId ?? "", timestamp: at }),
  "viewer.left": ({ userId, role, at }, chatId) =>
    frame("user_left", { userId, role, chatId: chatId ?? "", timestamp: at }),
  "presence.changed": ({ userId, status, lastSeen }) =>
    frame("presence_update", { userId, status, lastSeen }),
  "notification.created": ({ id, type, title, body, data, createdAt }) =>
    frame("notification", { id, type, title, body, data, created_at: createdAt }),
} as const satisfies { [Name in SignalName]: SignalEncoder<Name> };

/** The native contract. It says nothing about what only a newer version knows. */
export const nativeWire: Wire = {
  change(change) {
    if (!Object.hasOwn(CHANGES, change.body.name)) return { toAll: [] };
    const encode = CHANGES[change.body.name] as ChangeEncoder<ChangeName>;
    return encode(change.body, change);
  },
  signal({ body, chatId }) {
    if (!Object.hasOwn(SIGNALS, body.name)) return { toAll: [] };
    const encode = SIGNALS[body.name] as SignalEncoder<SignalName>;
    return { toAll: [encode(body, chatId)] };
  },
  /** For the reader's own connections: they have read further in private. */
  privateRead({ userId, chatId, readSeq, messageIds, at }) {
    return { toAll: [frame("messages_read", { userId, chatId, messageIds, readSeq, timestamp: at })] };
  },
};

/** Platform messages have an event of their own besides `new_message`; it is made from the message, so it is caught up with it. */
function createdFrames(message: Message): Frame[] {
  const shape = presentMessage(message);
  const created = frame("new_message", shape);
  const facts = message.metadata ?? {};
  if (message.type === "order_update") {
    const update = (facts.update ?? {}) as Record<string, unknown>;
    return [created, frame("order_update", { orderId: textOf(facts.order_id), update, message: shape })];
  }
  if (message.type === "receipt_shared") {
    const { receipt_url: url, shared_by: by } = facts;
    const payload = { chatId: message.chatId, receiptUrl: textOf(url), sharedBy: textOf(by), message: shape };
    return [created, frame("receipt_shared", payload)];
  }
  return [created];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
