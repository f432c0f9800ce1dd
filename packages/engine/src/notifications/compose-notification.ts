import { externalId } from "@parley/contracts";
import type { NotificationContent } from "./read-contents.js";
import {
  isTemplateKey,
  type Language,
  renderTemplate,
  type TemplateArguments,
} from "./templates/templates.js";

/** A notification in words, and what it is about by id. */
export interface NotificationWords {
  title: string;
  body: string;
  /** Where a tap leads and what the buttons need: camel case, as the service worker reads it. */
  data: Record<string, string | number>;
}

const TITLE_LENGTH = 120;
const BODY_LENGTH = 300;

/** Puts a notification into words. */
export function composeNotification(content: NotificationContent, language: Language): NotificationWords {
  const given = givenWords(content);
  const words = given ?? wordsOf(content, language);
  return {
    title: shorten(words.title, TITLE_LENGTH),
    body: shorten(words.body, BODY_LENGTH),
    data: dataOf(content),
  };
}

/** The order that a notification is about, if any. */
export function orderOf({ data, chat, message }: NotificationContent): string | null {
  return idOf(data?.order_id) ?? idOf(message?.metadata?.order_id) ?? chat?.orderId ?? null;
}

/** Metadata is free JSON: what a sender calls an order's id may be none, and too long for a push. */
function idOf(value: unknown): string | null {
  return externalId.safeParse(value).data ?? null;
}

/** Who made the notification may have put it into words already. */
function givenWords({ data }: NotificationContent): { title: string; body: string } | null {
  const title = textOf(data?.title);
  const body = textOf(data?.body);
  return title === null || body === null ? null : { title, body };
}

function wordsOf(content: NotificationContent, language: Language): { title: string; body: string } {
  const { type } = content;
  const words: TemplateArguments = {
    sender: content.message?.senderName ?? renderTemplate(language, "someone"),
    text: messageText(content, language),
    chat: content.chat?.name ?? content.chat?.orderId ?? renderTemplate(language, "someone"),
    order: orderOf(content) ?? "",
    count: content.messageCount,
    status: statusText(content, language),
    amount: amountText(content, language),
  };
  const render = (key: Parameters<typeof renderTemplate>[1]) => renderTemplate(language, key, words).trim();
  switch (type) {
    case "new_message":
    case "group_message":
      return {
        title: render(`${type}.title`),
        body: render(content.messageCount > 1 ? `${type}.many` : `${type}.body`),
      };
    case "payment": {
      const key = `payment.${textOf(content.data?.payment) ?? ""}`;
      return { title: render("payment.title"), body: isTemplateKey(key) ? render(key) : "" };
    }
    case "order_update":
    case "new_order":
    case "receipt":
    case "system":
    case "campaign":
      return { title: render(`${type}.title`), body: render(`${type}.body`) };
  }
}

function messageText({ message }: NotificationContent, language: Language): string {
  if (message === null) return renderTemplate(language, "content.gone");
  const text = message.content.trim();
  const { type } = message;
  if (text !== "" || (type !== "image" && type !== "file" && type !== "audio")) return text;
  return renderTemplate(language, `content.${type}`);
}

/** What an order has become: as it was told, or as it stands in its chat's message. */
function statusOf({ type, data, message }: NotificationContent): string | null {
  const update = message?.metadata?.update as Record<string, unknown> | null | undefined;
  return textOf(data?.status) ?? (type === "order_update" ? textOf(update?.status) : null);
}

function statusText(content: NotificationContent, language: Language): string {
  const status = statusOf(content) ?? "";
  const key = `status.${status.toLowerCase()}`;
  return isTemplateKey(key) ? renderTemplate(language, key) : status.replaceAll("_", " ");
}

function amountText({ data }: NotificationContent, language: Language): string {
  const amount = data?.amount;
  if (typeof amount !== "number") return textOf(amount) ?? "";
  const currency = textOf(data?.currency);
  if (currency === null) return amount.toLocaleString(language.tag);
  return new Intl.NumberFormat(language.tag, { style: "currency", currency }).format(amount);
}

/** The native contract's service workers know one word for messages of all chats. */
function kindOf({ type }: NotificationContent): string {
  return type === "new_message" || type === "group_message" ? "chat_message" : type;
}

function dataOf(content: NotificationContent): NotificationWords["data"] {
  const entries: Record<string, string | number | null> = {
    type: kindOf(content),
    notificationId: content.id,
    chatId: content.chat?.id ?? null,
    messageId: content.message?.id ?? null,
    seq: content.message?.seq ?? null,
    orderId: orderOf(content),
    campaignId: content.campaignId,
    url: textOf(content.data?.url),
    status: statusOf(content),
  };
  return Object.fromEntries(
    Object.entries(entries).filter((entry): entry is [string, string | number] => entry[1] !== null),
  );
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** Never through an emoji or an accent. */
function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  let short = "";
  for (const { segment } of new Intl.Segmenter().segment(text.slice(0, 2 * length))) {
    if (short.length + segment.length > length - 1) break;
    short += segment;
  }
  return `${short.trimEnd()}…`;
}
