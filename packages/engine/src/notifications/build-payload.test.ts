import { mkdtemp, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { NOTIFICATION_TYPES, type NotificationType } from "@parley/contracts";
import { describe, expect, it, test } from "vitest";
import { buildPayload, topicOf } from "./build-payload.js";
import type { NotificationContent } from "./read-contents.js";
import { loadTemplates } from "./templates/load-templates.js";
import { STANDARD_TEMPLATES } from "./templates/standard-templates.js";
import { languageOf, TEMPLATE_PLACEHOLDERS } from "./templates/templates.js";

const LOCALES = ["en", "ja", "fr", "zh", "ko"];

const message: NonNullable<NotificationContent["message"]> = {
  id: "01890a5d-ac96-774b-bcce-b302099a8057",
  seq: 7,
  type: "text",
  content: "On my way",
  metadata: null,
  senderId: "sam",
  senderName: "Sam",
};

const plain: NotificationContent = {
  id: "01890a5d-ac96-774b-bcce-b302099a8058",
  userId: "ana",
  type: "new_message",
  critical: false,
  createdAt: new Date(0),
  messageCount: 1,
  campaignId: null,
  data: null,
  chat: { id: "01890a5d-ac96-774b-bcce-b302099a8059", type: "order", name: null, orderId: "1001" },
  message,
  locale: null,
};

const build = (content: Partial<NotificationContent>, locale = "en", templates = STANDARD_TEMPLATES) =>
  buildPayload({ ...plain, ...content }, languageOf(templates, locale));

const words = (content: Partial<NotificationContent>, locale = "en") => {
  const { title, body } = build(content, locale);
  return `${title} | ${body}`;
};

describe("the payload", () => {
  it("of a message has what the service worker shows, and what it needs for its buttons", () => {
    expect(build({})).toEqual({
      title: "Sam",
      body: "On my way",
      icon: "/icons/chat-notification.png",
      badge: "/icons/badge.png",
      tag: `chat:${plain.chat?.id}`,
      data: {
        type: "chat_message",
        notificationId: plain.id,
        chatId: plain.chat?.id,
        messageId: message.id,
        seq: 7,
        orderId: "1001",
      },
      actions: [
        { action: "reply", title: "Reply", icon: "/icons/reply.png" },
        { action: "view_order", title: "View order", icon: "/icons/order.png" },
      ],
      requireInteraction: false,
    });
  });

  it("of an update of an order has the button that shows the order", () => {
    const metadata = { order_id: "1001", update: { status: "shipped" } };
    const payload = build({ type: "order_update", message: { ...message, type: "order_update", metadata } });
    expect(payload).toMatchObject({
      title: "Order 1001",
      body: "Your order is now: on its way",
      icon: "/icons/order-update.png",
      tag: "order_update:1001",
      data: { type: "order_update", orderId: "1001", status: "shipped" },
      actions: [{ action: "view_order", icon: "/icons/view.png" }],
    });
    const told = build({ type: "order_update", message: null, data: { order_id: "7", status: "shopping" } });
    expect(told).toMatchObject({
      body: "Your order is now: being shopped for",
      data: { orderId: "7", status: "shopping" },
    });
  });

  it("of a message calls it the same in chats of all kinds, and takes no status from its sender", () => {
    const photo = { ...message, type: "image" as const, metadata: { update: { status: "shipped" } } };
    const { data } = build({ type: "group_message", message: photo });
    expect(data).toMatchObject({ type: "chat_message", messageId: message.id });
    expect(data).not.toHaveProperty("status");
  });

  test.each<[NotificationType, string]>([
    ["group_message", "/icons/chat-notification.png"],
    ["payment", "/icons/order-update.png"],
    ["new_order", "/icons/order-update.png"],
    ["receipt", "/icons/order-update.png"],
    ["system", "/icons/notification.png"],
    ["campaign", "/icons/notification.png"],
  ])("of %s has the picture %s", (type, icon) => {
    expect(build({ type })).toMatchObject({ icon, data: { orderId: "1001" } });
  });

  test.each<[string, Partial<NotificationContent>, string]>([
    ["several messages", { messageCount: 3 }, "Sam | 3 new messages"],
    ["a thousand messages", { messageCount: 1_234 }, "Sam | 1,234 new messages"],
    ["a sender without a name", { message: { ...message, senderName: null } }, "New message | On my way"],
    ["a photo", { message: { ...message, type: "image", content: "" } }, "Sam | Sent a photo"],
    ["a photo with words", { message: { ...message, type: "image", content: "look" } }, "Sam | look"],
    ["a message that is gone", { message: null }, "New message | New message"],
    [
      "a group",
      { type: "group_message", chat: { id: "c", type: "group", name: "Family", orderId: null } },
      "Family | Sam: On my way",
    ],
    [
      "a status in the platform's own words",
      { type: "order_update", data: { order_id: "7", status: "waiting_for_rain" } },
      "Order 7 | Your order is now: waiting for rain",
    ],
    [
      "a payment",
      {
        type: "payment",
        chat: null,
        data: { payment: "failed", amount: 12.5, currency: "EUR", order_id: "7" },
      },
      "Payment for order 7 | The payment of €12.50 failed.",
    ],
    [
      "a payment without currency",
      { type: "payment", chat: null, data: { payment: "captured", amount: 1_000 } },
      "Payment for order | 1,000 has been paid.",
    ],
    [
      "given words",
      { type: "campaign", chat: null, data: { title: "Sale", body: "{sender}" } },
      "Sale | {sender}",
    ],
    [
      "texts with braces",
      { message: { ...message, content: "{sender} {count} $& $1", senderName: "{text}" } },
      "{text} | {sender} {count} $& $1",
    ],
  ])("puts %s into words", (...[, content, expected]) => {
    expect(words(content)).toBe(expected);
  });

  test.each([
    ["ja", "Sam | 新着メッセージが3件あります"],
    ["fr", "Sam | 3 nouveaux messages"],
    ["zh", "Sam | 3 条新消息"],
    ["ko", "Sam | 새 메시지 3개"],
    ["fr-CA", "Sam | 3 nouveaux messages"],
    ["ja_JP", "Sam | 新着メッセージが3件あります"],
    ["zh-Hant-TW", "Sam | 3 条新消息"],
    ["sw", "Sam | 3 new messages"],
  ])("speaks %s", (locale, expected) => {
    expect(words({ messageCount: 3 }, locale)).toBe(expected);
  });

  it("has words for every type in every language, with nothing left open", () => {
    const datas: Array<[NotificationType, Record<string, unknown>]> = NOTIFICATION_TYPES.map((type) => [
      type,
      type === "payment" ? { payment: "authorized", amount: 5 } : { status: "delivered" },
    ]);
    for (const locale of LOCALES) {
      for (const [type, data] of datas) {
        const { title, body } = build({ type, data }, locale);
        expect(
          [title, body].every((text) => text.length > 0 && !/[{}]|undefined|null/.test(text)),
          `${locale} ${type}`,
        ).toBe(true);
      }
    }
  });

  it("fits into a push, whatever is said", () => {
    const long: Array<Partial<NotificationContent>> = [
      { message: { ...message, content: "👨‍👩‍👧‍👦".repeat(500), senderName: "家".repeat(200) } },
      { message: { ...message, content: "\u0001".repeat(5_000), senderName: "\u0002".repeat(200) } },
      {
        type: "campaign",
        data: {
          title: "t".repeat(500),
          body: "あ".repeat(3_000),
          url: `https://a.example/${"u".repeat(4_000)}`,
        },
      },
    ];
    const update = { status: "\u0001".repeat(200) };
    long.push({
      type: "order_update",
      message: { ...message, metadata: { order_id: "注".repeat(128), update } },
    });
    for (const content of long) {
      const payload = build(content);
      expect(Buffer.byteLength(JSON.stringify(payload))).toBeLessThanOrEqual(3_900);
      expect(payload.title).not.toBe("");
      expect(payload.body).not.toMatch(/\p{Surrogate}/u);
    }
    expect(build(long[0] ?? {}).body).toMatch(/^(👨‍👩‍👧‍👦)+…$/u);
  });

  test.each([
    ["longer than any id", "9".repeat(4_500)],
    ["no id at all", "\u0001".repeat(100)],
  ])("leaves out an order that a sender made up: %s", (...[, order_id]) => {
    const photo = { ...message, type: "image" as const, metadata: { order_id } };
    const payload = build({ type: "order_update", message: photo });
    expect(Buffer.byteLength(JSON.stringify(payload))).toBeLessThanOrEqual(3_900);
    expect(payload).toMatchObject({ tag: "order_update:1001", data: { orderId: "1001" } });
    const elsewhere = build({ message: photo, chat: { ...plain.chat, orderId: null } as never });
    expect(elsewhere.data).not.toHaveProperty("orderId");
    expect(elsewhere.actions.map(({ action }) => action)).toEqual(["reply"]);
  });

  it("has a topic that push services take, one per tag", () => {
    const others = [
      { type: "group_message" as const },
      { type: "system" as const },
      { chat: { ...plain.chat, id: "other" } as never },
    ];
    const topics = [plain, ...others.map((other) => ({ ...plain, ...other }))].map(topicOf);
    for (const topic of topics) expect(topic).toMatch(/^[\w-]{32}$/);
    expect(new Set(topics).size).toBe(3);
  });
});

describe("texts of one's own", () => {
  async function folderOf(files: Record<string, string>): Promise<string> {
    const folder = await mkdtemp(path.join(os.tmpdir(), "parley-templates-"));
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
    return folder;
  }

  it("stand over Parley's, key by key and language by language", async () => {
    const own = JSON.stringify({ "new_message.many": { one: "a word", other: "{count} words" } });
    const german = JSON.stringify({
      "new_message.many": { one: "{count} neue Nachricht", other: "{count} neue Nachrichten" },
    });
    const brazilian = JSON.stringify({ someone: "Alguém" });
    const folder = await folderOf({
      "en.json": own,
      "de.json": german,
      "pt-BR.json": brazilian,
      "README.md": "no",
    });
    const templates = await loadTemplates(folder);
    const body = (locale: string, messageCount: number) => build({ messageCount }, locale, templates).body;
    expect([
      body("en", 2),
      body("de", 2),
      body("de-AT", 1),
      body("ja", 2),
      body("sw", 2),
      body("pt-BR", 2),
    ]).toEqual([
      "2 words",
      "2 neue Nachrichten",
      "On my way",
      "新着メッセージが2件あります",
      "2 words",
      "2 words",
    ]);
    expect(build({}, "de", templates).actions[0]?.title).toBe("Reply");
  });

  it("have all their faults named at once", async () => {
    const folder = await folderOf({
      "en.json": JSON.stringify({
        "new_message.body": "{sender}",
        "no.such": "x",
        "payment.title": { one: "x" },
        "receipt.title": { other: "x", several: "y" },
        someone: 5,
      }),
      "ja.json": "[",
      "not a language.json": "{}",
    });
    await expect(loadTemplates(folder)).rejects.toThrow("7 faults");
    await expect(loadTemplates(folder)).rejects.toThrow(
      "en.json: new_message.body has {sender}; it can have {text}",
    );
    await expect(loadTemplates(path.join(folder, "none"))).rejects.toThrow("ENOENT");
  });

  it("that come with Parley use only the placeholders that are filled", () => {
    for (const locale of LOCALES) {
      const { texts } = languageOf(STANDARD_TEMPLATES, locale);
      for (const [key, allowed] of Object.entries(TEMPLATE_PLACEHOLDERS)) {
        const forms = texts[key as keyof typeof texts];
        for (const text of typeof forms === "string" ? [forms] : Object.values(forms)) {
          const used = [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
          expect(
            used.filter((name) => !(allowed as readonly string[]).includes(name ?? "")),
            `${locale} ${key}`,
          ).toEqual([]);
        }
      }
    }
  });
});
