import type { ChatCreated } from "./chat-created.js";
import type { MemberAdded } from "./member-added.js";
import type { MemberRemoved } from "./member-removed.js";
import type { MessageCreated } from "./message-created.js";
import type { MessageUpdated } from "./message-updated.js";
import type { MessagesDelivered } from "./messages-delivered.js";
import type { MessagesRead } from "./messages-read.js";
import type { NotificationCreated } from "./notification-created.js";
import type { PresenceChanged } from "./presence-changed.js";
import type { TypingChanged } from "./typing-changed.js";
import type { ViewerJoined } from "./viewer-joined.js";
import type { ViewerLeft } from "./viewer-left.js";

/** Changes of a chat's stored state. Each takes one revision of its chat, and is delivered in that order. */
export interface ChangeCatalogue {
  "message.created": MessageCreated;
  "message.updated": MessageUpdated;
  "messages.read": MessagesRead;
  "messages.delivered": MessagesDelivered;
  "chat.created": ChatCreated;
  "member.added": MemberAdded;
  "member.removed": MemberRemoved;
}

/** Passing news: worth nothing a moment later, so never stored, never caught up. */
export interface SignalCatalogue {
  "typing.changed": TypingChanged;
  "viewer.joined": ViewerJoined;
  "viewer.left": ViewerLeft;
  "presence.changed": PresenceChanged;
  "notification.created": NotificationCreated;
}

export type ChangeName = keyof ChangeCatalogue;
export type SignalName = keyof SignalCatalogue;
export type ChangeBody = ChangeCatalogue[ChangeName];
export type SignalBody = SignalCatalogue[SignalName];
