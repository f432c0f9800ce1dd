import {
  archiveChat,
  changeChatStatus,
  changeNotificationSettings,
  changeSettings,
  createCampaign,
  createChat,
  createOpenChat,
  type Engine,
  enterChat,
  indexMessages,
  type MessageDraft,
  markRead,
  muteUser,
  notifyOrderStatus,
  reactToMessage,
  rememberUser,
  rollUpEngagement,
  sendMessage,
  setBlocked,
  storeFile,
  updateOrder,
} from "@parley/engine";
import { createOldChat } from "./old-chat.js";
import { until } from "./until.js";

const ID = "person-7f3a";
const NAME = "Zephyrine Quux";
const EMAIL = "zeph@example.org";
const MARKS = ["xylograph", "quincunx", "ombrophil", "syzygial", "velleity", "brontide"];

/** Somebody whom the whole database knows, and every word by which they can be found. */
export const WHOLE_LIFE = { userId: ID, name: NAME, marks: MARKS, words: [ID, NAME, EMAIL, ...MARKS] };

const person = { userId: ID, role: "user" };
const bob = { userId: "bob", role: "user" };
const admin = { userId: "root", role: "admin" };
const platform = { userId: "system", role: "system" };

/** Old messages of which the person wrote every third one, most of them archived. */
async function createArchivedChat(engine: Engine): Promise<string> {
  const { pool } = engine.database;
  const chatId = await createOldChat(engine, { count: 1_250, seed: 3 });
  await pool.query(
    `UPDATE messages SET sender_id = $2, content = 'velleity ' || seq, client_id = 'brontide-' || seq,
      type = CASE WHEN type::text IN ('text', 'image') THEN type ELSE 'text' END WHERE chat_id = $1 AND seq % 3 = 0`,
    [chatId, ID],
  );
  await pool.query(
    `INSERT INTO reactions (message_id, emoji, user_id, created_at) SELECT id, '🦀', $2, '2024-06-02'
      FROM messages WHERE chat_id = $1 AND seq % 7 = 1`,
    [chatId, ID],
  );
  await pool.query(
    `UPDATE messages SET reactions = '[{"emoji": "🦀", "count": 1, "userIds": ["${ID}"]}]' WHERE chat_id = $1 AND seq % 7 = 1`,
    [chatId],
  );
  await pool.query(
    `UPDATE messages SET type = 'system', sender_id = 'system', content = 'Closed by ${NAME}.', metadata = '{"changed_by": "${ID}"}'
      WHERE chat_id = $1 AND seq = 11`,
    [chatId],
  );
  await archiveChat(engine, { chatId, before: new Date("2025-01-01") });
  return chatId;
}

/** Counting waits until nothing that is older can be committed any more, also by others on the same server. */
async function countEngagement(engine: Engine): Promise<void> {
  const counted = async () => (await rollUpEngagement(engine, { limit: 10_000 })).counted > 0;
  await until(counted, "the person's messages are counted");
}

/** Makes everything that an engine with a storage can hold of a person; 1,050 messages of one chat are archived, 350 of them theirs. */
export async function liveWholeLife(engine: Engine) {
  const claims = { name: NAME, email: EMAIL, picture: `https://example.org/${ID}.png` };
  await rememberUser(engine, { ...person, ...claims });
  const chats = await createChats(engine);
  const said = await talk(engine, chats);
  await useChats(engine, { ...chats, ...said });
  await beNotified(engine);
  await setBlocked(engine, { actor: admin, userId: ID, blocked: true });
  await setBlocked(engine, { actor: admin, userId: ID, blocked: false });
  await muteUser(engine, {
    actor: admin,
    userId: ID,
    until: new Date("2100-01-01"),
    reason: `${NAME} shouted`,
  });
  await indexMessages(engine, { waitMs: { whole: 0, rest: 0 } });
  await countEngagement(engine);
  return { ...chats, ...said };
}

async function createChats(engine: Engine) {
  const archived = await createArchivedChat(engine);
  const create = async (actor: typeof person, request: Parameters<typeof createChat>[1]["request"]) =>
    (await createChat(engine, { actor, request })).id;
  const direct = await create(person, { type: "direct", userId: "bob" });
  const own = await create(person, { type: "group", name: "xylograph club", memberIds: ["bob", "carol"] });
  const bobs = await create(bob, { type: "group", name: `For ${NAME}`, memberIds: [ID, "carol"] });
  const order = await create(platform, { type: "order", orderId: "o-1", userId: ID, shopperId: "bob" });
  const { chat } = await createOpenChat(engine, { actor: bob, name: "post", externalKey: "post-1" });
  await enterChat(engine, { actor: person, chatId: chat.id });
  return { archived, direct, own, bobs, order, open: chat.id };
}

type Chats = Awaited<ReturnType<typeof createChats>>;

async function talk(engine: Engine, { direct, own, bobs, open }: Chats) {
  const send = (actor: typeof person, chatId: string, draft: Partial<MessageDraft> & { content: string }) =>
    sendMessage(engine, { actor, chatId, draft: { type: "text", ...draft } });
  const secret = { content: "quincunx", clientId: "ombrophil-1", metadata: { at: "syzygial" } };
  const message = await send(person, direct, secret);
  const answer = await send(bob, direct, { content: "Yes!", replyTo: message.id });
  const others = await send(bob, bobs, { content: "mine stays" });
  await send(person, open, { content: "quincunx in the open" });
  const bytes = (async function* () {
    yield Buffer.from("brontide");
  })();
  const file = await storeFile(engine, { actor: person, chatId: own, name: "syzygial.txt", bytes });
  await send(person, own, { content: "see", attachmentUrl: `/v1/files/${file.id}` });
  return { message, answer, others, file };
}

async function useChats(engine: Engine, chats: Chats & Awaited<ReturnType<typeof talk>>) {
  const { bobs, direct, others } = chats;
  const reacted = { chatId: bobs, messageId: others.id, remove: false };
  await reactToMessage(engine, { ...reacted, actor: person, emoji: "🦀" });
  await reactToMessage(engine, { ...reacted, actor: bob, emoji: "👍" });
  await updateOrder(engine, { actor: platform, orderId: "o-1", update: { status: "late", to: NAME } });
  await changeChatStatus(engine, { actor: person, chatId: direct, status: "closed" });
  await changeSettings(engine, { actor: person, change: { privateReading: true } });
  await markRead(engine, { actor: person, chatId: bobs, messageIds: [others.id] });
}

async function beNotified(engine: Engine): Promise<void> {
  const { pool } = engine.database;
  await changeNotificationSettings(engine, { actor: person, change: { locale: "ja" } });
  const news = { orderId: "syzygial", status: "shipped" as const };
  await notifyOrderStatus(engine, { actor: platform, userId: ID, ...news });
  await pool.query(
    `INSERT INTO push_subscriptions (id, user_id, endpoint, p256dh, auth, origin)
      VALUES ('018c0000-0000-7000-8000-000000000001', $1, 'https://push.example/ombrophil', 'p', 'a', 'o')`,
    [ID],
  );
  await pool.query(
    `INSERT INTO deliveries (notification_id, subscription_id, origin, due_at, claimed_at)
      SELECT id, '018c0000-0000-7000-8000-000000000001', 'o', now(), now() FROM notifications`,
  );
  const words = { notification: { title: "t", body: "b" }, variants: [], category: "promotional" as const };
  const audience = { userIds: [ID, "bob"] };
  const draft = { ...words, audience, critical: false, sendAt: null, clientId: undefined };
  await createCampaign(engine, { actor: admin, draft });
}
