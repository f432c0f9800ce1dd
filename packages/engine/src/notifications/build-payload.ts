import { createHash } from "node:crypto";
import type { NotificationType } from "@parley/contracts";
import { campaignTrimmings } from "../campaigns/campaign-trimmings.js";
import { composeNotification, orderOf } from "./compose-notification.js";
import type { NotificationContent } from "./read-contents.js";
import { type Language, renderTemplate } from "./templates/templates.js";

/** What the service worker gets. */
export interface PushPayload {
  title: string;
  body: string;
  icon: string;
  badge: string;
  /** A later notification with the same tag takes the place of this one. */
  tag: string;
  data: Record<string, unknown>;
  actions: Array<{ action: string; title: string; icon?: string | undefined }>;
  requireInteraction: boolean;
}

interface Looks {
  icon: string;
  buttons: Record<"reply" | "view_order", string>;
}

const REPLY = "/icons/reply.png";
const MESSAGE: Looks = {
  icon: "/icons/chat-notification.png",
  buttons: { reply: REPLY, view_order: "/icons/order.png" },
};
const ORDER: Looks = {
  icon: "/icons/order-update.png",
  buttons: { reply: REPLY, view_order: "/icons/view.png" },
};
const OTHER: Looks = { ...ORDER, icon: "/icons/notification.png" };

/** Where the native contract's web apps keep their pictures. */
const LOOKS: Record<NotificationType, Looks> = {
  new_message: MESSAGE,
  group_message: MESSAGE,
  order_update: ORDER,
  payment: ORDER,
  new_order: ORDER,
  receipt: ORDER,
  system: OTHER,
  campaign: OTHER,
};
const BADGE = "/icons/badge.png";
/** An encrypted push may have 4,096 bytes, and encryption takes 103 of them (RFC 8291). */
const MOST_BYTES = 3_900;

/** What is pushed for a notification, in a language. Fits into a push whatever the texts are. */
export function buildPayload(content: NotificationContent, language: Language): PushPayload {
  const { title, body, data } = composeNotification(content, language);
  const own = content.type === "campaign" ? campaignTrimmings(content.data) : {};
  const payload: PushPayload = {
    title,
    body,
    icon: own.icon ?? LOOKS[content.type].icon,
    badge: BADGE,
    tag: tagOf(content),
    data: { ...own.data, ...data },
    actions: own.actions ?? actionsOf(content, language),
    requireInteraction: content.critical,
  };
  return fitted(payload);
}

/**
 * The push service keeps only the newest undelivered push of a topic (RFC 8030): what a device that was away gets is what its tags would
 * have left.
 */
export function topicOf(content: NotificationContent): string {
  return createHash("sha256").update(tagOf(content)).digest("base64url").slice(0, 32);
}

function tagOf(content: NotificationContent): string {
  const { type, chat, id, campaignId } = content;
  switch (type) {
    case "new_message":
    case "group_message":
    case "system":
      return chat === null ? id : `${type === "system" ? "system" : "chat"}:${chat.id}`;
    case "order_update":
    case "new_order":
    case "receipt":
    case "payment": {
      const order = orderOf(content);
      return order === null ? id : `${type}:${order}`;
    }
    case "campaign":
      return `campaign:${campaignId ?? id}`;
  }
}

function actionsOf(content: NotificationContent, language: Language): PushPayload["actions"] {
  const { type } = content;
  const isMessage = type === "new_message" || type === "group_message";
  const names = [
    ...(isMessage ? (["reply"] as const) : []),
    ...(orderOf(content) === null ? [] : (["view_order"] as const)),
  ];
  return names.map((action) => ({
    action,
    title: renderTemplate(language, `action.${action}`),
    icon: LOOKS[type].buttons[action],
  }));
}

function fitted(payload: PushPayload): PushPayload {
  let { body, data } = payload;
  const bytes = () => Buffer.byteLength(JSON.stringify({ ...payload, body, data }));
  while (bytes() > MOST_BYTES && body.length > 40) {
    body = `${[...body].slice(0, Math.floor([...body].length / 2)).join("")}…`;
  }
  if (bytes() > MOST_BYTES) {
    const { url: _tooLong, ...rest } = data;
    data = rest;
  }
  return { ...payload, body, data };
}
