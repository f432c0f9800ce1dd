import { closeEngine } from "@parley/engine";
import { createVapidPair } from "@parley/platform/local";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connectNative } from "../native-client.js";
import type { PushService } from "../push-service/push-service.js";
import { startPushService } from "../push-service/start-push-service.js";
import { restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { openTestEngine, type TestEngine } from "../test-engine.js";
import { until } from "../until.js";

let cluster: TestCluster;
let service: PushService;
let database: TestEngine;

beforeAll(async () => {
  service = await startPushService();
  const vapid = createVapidPair();
  cluster = await startTestCluster({
    PUSH_ALLOWED_HOSTS: service.host,
    VAPID_PUBLIC_KEY: vapid.publicKey,
    VAPID_PRIVATE_KEY: vapid.privateKey,
    // Longer than any machine takes to read a message: the tests end it themselves.
    PUSH_DELAY_MS: "60000",
    NOTIFICATION_SWEEP_SECONDS: "1",
  });
  database = openTestEngine(cluster.databaseUrl);
});

afterAll(async () => {
  if (database !== undefined) await closeEngine(database.engine);
  await cluster?.stop();
  await service?.stop();
});

const restOf = (userId: string) => restClient(cluster.urls[0], { userId });

async function subscribe(userId: string): Promise<string> {
  const { endpoint, keys, id } = service.newSubscription();
  const answer = await restOf(userId).request("POST", "/v1/notifications/subscribe", { endpoint, keys });
  expect(answer.status).toBe(201);
  return id;
}

async function openPair(from: string, to: string): Promise<string> {
  const body = { type: "direct", user_id: to };
  return (await restOf(from).request<{ id: string }>("POST", "/v1/chat", body)).body.id;
}

async function say(from: string, chatId: string, content: string): Promise<string> {
  const path = `/v1/chat/${chatId}/messages`;
  const answer = await restOf(from).request<{ id: string }>("POST", path, { content, type: "text" });
  expect(answer.status).toBe(201);
  return answer.body.id;
}

interface Explanation {
  outcome: string;
  reason?: string;
  deliveries: Array<{ state: string; status_code?: number }>;
}

async function explain(userId: string, messageId: string): Promise<Explanation> {
  const path = `/v1/notifications/explain?message_id=${messageId}&user_id=${userId}`;
  return (await restOf(userId).request<Explanation>("GET", path)).body;
}

/** Nobody who is active has any more time to read what is there. */
async function endDelays(): Promise<void> {
  await database.engine.database.pool.query(
    "UPDATE notifications SET created_at = created_at - interval '1 minute', due_at = now() WHERE state = 'waiting'",
  );
}

/** Waits for the push that whoever is active gets when they have not read. */
async function untilPushed(browser: string): Promise<void> {
  await until(async () => {
    await endDelays();
    return pushesTo(browser).length === 1;
  }, "the browser gets a push");
}

/** The payloads that a browser has got. */
const pushesTo = (subscription: string) =>
  service.received.filter((push) => push.subscription === subscription).map((push) => push.payload?.json);

it("a person who is away gets one push for a message, in the contract's shape, and the story of it can be asked for", async () => {
  const browser = await subscribe("ben");
  const chatId = await openPair("ann", "ben");
  const messageId = await say("ann", chatId, "Is it still to be had?");
  await until(() => pushesTo(browser).length > 0, "ben's browser gets a push");
  expect(pushesTo(browser)).toEqual([
    {
      title: expect.any(String),
      body: expect.stringContaining("Is it still to be had?"),
      icon: expect.any(String),
      badge: expect.any(String),
      tag: expect.any(String),
      data: expect.objectContaining({ type: "chat_message", chatId, messageId }),
      actions: expect.arrayContaining([expect.objectContaining({ action: "reply" })]),
      requireInteraction: expect.any(Boolean),
    },
  ]);
  await until(async () => (await explain("ben", messageId)).outcome === "sent", "the story is complete");
  expect(await explain("ben", messageId)).toMatchObject({
    deliveries: [{ state: "accepted", status_code: 201 }],
  });
  expect(await explain("ann", messageId)).toMatchObject({ outcome: expect.any(String) });
});

it("who reads on another device in time gets no push, and whoever leaves it unread does", async () => {
  const [reader, idler] = [await subscribe("cid"), await subscribe("dan")];
  const chats = { cid: await openPair("ann", "cid"), dan: await openPair("ann", "dan") };
  const [cid, dan] = [
    await connectNative(cluster.urls[1], { userId: "cid" }),
    await connectNative(cluster.urls[1], { userId: "dan" }),
  ];
  const read = await say("ann", chats.cid, "read at once");
  const unread = await say("ann", chats.dan, "left lying");
  await until(() => cid.messages(chats.cid).length === 1, "cid sees the message");
  await cid.ask("mark_messages_read", { chatId: chats.cid, messageIds: [read] });
  // It would have been pushed: the same, unread, is.
  await untilPushed(idler);
  await until(async () => (await explain("cid", read)).outcome === "suppressed", "cid's is decided");
  expect(await explain("cid", read)).toMatchObject({ reason: "read", deliveries: [] });
  await until(async () => (await explain("dan", unread)).outcome === "sent", "dan's story is complete");
  expect(pushesTo(reader)).toEqual([]);
  cid.close();
  dan.close();
});

it("a muted chat is not pushed and says so; the others are told live too", async () => {
  const browser = await subscribe("eve");
  const chatId = await openPair("ann", "eve");
  await restOf("eve").request("PUT", `/v1/chat/${chatId}/mute`, {});
  const muted = await say("ann", chatId, "hush");
  await until(async () => (await explain("eve", muted)).outcome === "suppressed", "it is decided");
  expect(await explain("eve", muted)).toMatchObject({ reason: "chat_muted" });
  await restOf("eve").request("DELETE", `/v1/chat/${chatId}/mute`);
  const eve = await connectNative(cluster.urls[1], { userId: "eve" });
  const loud = await say("ann", chatId, "hello");
  await untilPushed(browser);
  const told = await eve.hear<{ title: string; data: { messageId?: string } }>("notification");
  expect(told.data).toMatchObject({ chatId });
  expect((await explain("eve", loud)).reason).toBeUndefined();
  eve.close();
});

it("a browser that the push service knows no more is forgotten", async () => {
  const browser = await subscribe("fay");
  const chatId = await openPair("ann", "fay");
  service.removeSubscription(browser);
  const messageId = await say("ann", chatId, "anybody there?");
  await until(async () => (await explain("fay", messageId)).outcome === "failed", "it has failed");
  expect(await explain("fay", messageId)).toMatchObject({
    deliveries: [{ state: "gone", status_code: 410 }],
  });
  const next = await say("ann", chatId, "hello?");
  await until(async () => (await explain("fay", next)).outcome === "suppressed", "the next is decided");
  expect(await explain("fay", next)).toMatchObject({ reason: "no_subscription" });
});
