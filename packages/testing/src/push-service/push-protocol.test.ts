import { Agent as HttpAgent } from "node:http";
import { Agent } from "node:https";
import { afterEach, beforeEach, expect, it } from "vitest";
import webPush from "web-push";
import { until } from "../until.js";
import type { PushService, PushServiceOptions } from "./push-service.js";
import type { PushSubscription } from "./push-subscription.js";
import { startPushService } from "./start-push-service.js";
import { createSenderKey, encryptPush, postPush, sendPush, signVapid } from "./test-push-sender.js";

let service: PushService;
let subscription: PushSubscription;

beforeEach(() => start());
afterEach(() => service.stop());

async function start(options?: PushServiceOptions): Promise<void> {
  service = await startPushService(options);
  subscription = service.newSubscription();
}

async function restart(options: PushServiceOptions): Promise<void> {
  await service.stop();
  await start(options);
}

const overhead = encryptPush(createKeys(), "").length;

function createKeys() {
  const p256dh = createSenderKey().publicKey;
  return { p256dh, auth: Buffer.alloc(16).toString("base64url") };
}

it("accepts a push, answers 201 with Location and TTL, and says all about it", async () => {
  const json = { data: { messageId: "m1" }, text: "grüß dich" };
  const sender = createSenderKey();
  const before = Date.now();
  const answer = await sendPush(subscription, {
    text: JSON.stringify(json),
    sender,
    headers: { ttl: 30, urgency: "high", topic: "chat-1" },
  });
  expect(answer).toMatchObject({ status: 201, body: "", headers: { ttl: "30" } });
  expect(answer.headers.location).toMatch(new RegExp(`^${service.origin}/message/.`));
  const [push, ...others] = service.received;
  expect(others).toEqual([]);
  expect(push).toMatchObject({
    subscription: subscription.id,
    headers: { ttl: 30, urgency: "high", topic: "chat-1", contentEncoding: "aes128gcm" },
    payload: { text: JSON.stringify(json), json },
    vapid: { claims: { aud: service.origin, sub: "mailto:push@example.com" }, publicKey: sender.publicKey },
    bodySize: overhead + Buffer.byteLength(JSON.stringify(json)),
    verified: true,
    refusal: null,
    answer: { kind: "accept", status: 201 },
  });
  expect(push?.at).toBeGreaterThanOrEqual(before);
  expect(service.requests).toEqual([push]);
  await until(() => service.counters().concurrent === 0, "the service has seen the end of it");
  expect([push?.abandoned, service.counters().abandoned]).toEqual([false, 0]);
});

it("its subscriptions have a key pair, a secret and an endpoint of their own", () => {
  const other = service.newSubscription({ userAgentName: "firefox" });
  expect(other.id).toMatch(/^firefox-/);
  for (const { endpoint, keys } of [subscription, other]) {
    expect(endpoint).toMatch(new RegExp(`^${service.origin}/push/[\\w-]{32}$`));
    expect(Buffer.from(keys.p256dh, "base64url")).toHaveLength(65);
    expect(Buffer.from(keys.auth, "base64url")).toHaveLength(16);
  }
  const secrets = [subscription, other].flatMap(({ endpoint, keys }) => [endpoint, keys.p256dh, keys.auth]);
  expect(new Set(secrets).size).toBe(6);
});

it("a push is decrypted with the keys of its own subscription only", async () => {
  const other = service.newSubscription();
  const body = encryptPush(other.keys, "hello");
  expect(await sendPush(subscription, { body })).toMatchObject({
    status: 400,
    body: expect.stringMatching("tag"),
  });
  expect(await sendPush(other, { body })).toMatchObject({ status: 201 });
});

it.each<[what: string, headers: Record<string, string | undefined>]>([
  ["the lowest urgency", { urgency: "very-low" }],
  ["a TTL of 0", { ttl: "0" }],
  ["the longest topic", { topic: "abcdefghijklmnopqrstuvwxyz-_0189" }],
])("accepts %s", async (_, headers) => {
  expect(await sendPush(subscription, { headers })).toMatchObject({ status: 201 });
});

it.each<[reason: string, headers: Record<string, string | undefined>]>([
  ["TTL header is missing", { ttl: undefined }],
  ["TTL", { ttl: "-1" }],
  ["TTL", { ttl: "1.5" }],
  ["TTL", { ttl: "soon" }],
  ["urgency", { urgency: "urgent" }],
  ["urgency", { urgency: "" }],
  ["topic", { topic: "a".repeat(33) }],
  ["topic", { topic: "a+b" }],
  ["topic", { topic: "" }],
  ["content encoding", { "content-encoding": undefined }],
  ["content encoding", { "content-encoding": "aesgcm" }],
])("refuses with 400 and names the %s: %o", async (reason, headers) => {
  const answer = await sendPush(subscription, { headers });
  expect(answer).toMatchObject({ status: 400, body: expect.stringContaining(reason) });
  expect(service.received).toEqual([]);
  expect(service.requests).toMatchObject([
    {
      refusal: { status: 400, reason: answer.body },
      accepted: false,
      answer: { kind: "refusal", status: 400 },
    },
  ]);
});

it("refuses a body that can't be decrypted, and names the reason", async () => {
  const body = encryptPush(subscription.keys, "hello", { padding: Buffer.from([1]) });
  expect(await sendPush(subscription, { body })).toMatchObject({
    status: 400,
    body: expect.stringMatching("0x02"),
  });
});

it("takes a push without a body", async () => {
  const headers = { "content-encoding": undefined };
  expect(await sendPush(subscription, { body: Buffer.alloc(0), headers })).toMatchObject({ status: 201 });
  expect(service.received).toMatchObject([{ payload: null, bodySize: 0 }]);
});

it("takes 4096 bytes and refuses one more with 413", async () => {
  const text = "x".repeat(4096 - overhead);
  expect(await sendPush(subscription, { text })).toMatchObject({ status: 201 });
  expect(await sendPush(subscription, { text: `${text}x` })).toMatchObject({ status: 413 });
  expect(service.requests.map(({ bodySize }) => bodySize)).toEqual([4096, 4097]);
});

it("refuses a body without end before its end", async () => {
  const body = Buffer.alloc(64 * 1024 * 1024);
  const agent = new HttpAgent({ keepAlive: true });
  // The answer may be overtaken by the end of the connection: nobody reads the rest.
  await sendPush(subscription, { body, agent }).catch(() => undefined);
  const refused = await until(() => service.requests[0], "the request is noted");
  expect(refused).toMatchObject({ refusal: { status: 413 } });
  expect(refused.bodySize).toBeLessThan(body.length);
  await until(() => service.counters().openConnections === 0, "the connection is closed");
  agent.destroy();
});

it("knows unknown, wrongly used and removed endpoints apart", async () => {
  const unknown = { ...subscription, endpoint: `${subscription.endpoint}x` };
  expect(await sendPush(unknown)).toMatchObject({ status: 404 });
  expect(await sendPush(subscription, { method: "PUT" })).toMatchObject({
    status: 405,
    headers: { allow: "POST" },
  });
  service.removeSubscription(subscription.endpoint);
  expect(await sendPush(subscription)).toMatchObject({ status: 410 });
  expect(service.requests.map((one) => one.subscription)).toEqual([null, subscription.id, subscription.id]);
  expect(service.counters()).toMatchObject({
    requests: 3,
    accepted: 0,
    refused: 3,
    answers: { 404: 1, 405: 1, 410: 1 },
  });
  expect(() => service.removeSubscription("nobody")).toThrow("there is no subscription nobody");
});

it("refuses what VAPID does not prove: 401 without it, 403 when it is wrong", async () => {
  const missing = await sendPush(subscription, { headers: { authorization: undefined } });
  expect(missing).toMatchObject({ status: 401, headers: { "www-authenticate": "vapid" } });
  const wrong = signVapid(createSenderKey(), "https://other.example");
  expect(await sendPush(subscription, { headers: { authorization: wrong } })).toMatchObject({
    status: 403,
    body: expect.stringContaining("audience"),
  });
  const seconds = Math.floor(Date.now() / 1000);
  const expired = signVapid(createSenderKey(), service.origin, { claims: { exp: seconds - 1 } });
  expect(await sendPush(subscription, { headers: { authorization: expired } })).toMatchObject({
    status: 403,
    body: expect.stringContaining("expired"),
  });
});

it("a subscription with an applicationServerKey takes pushes of that key only", async () => {
  const sender = createSenderKey();
  const restricted = service.newSubscription({ applicationServerKey: sender.publicKey });
  expect(await sendPush(restricted, { sender })).toMatchObject({ status: 201 });
  expect(await sendPush(restricted, { sender: createSenderKey() })).toMatchObject({
    status: 403,
    body: expect.stringContaining("another application server key"),
  });
});

it("understands what the web-push package makes", async () => {
  const vapidDetails = { subject: "https://example.com/contact", ...webPush.generateVAPIDKeys() };
  const options = { vapidDetails, TTL: 7, urgency: "low", topic: "t" } as const;
  const { headers, body } = webPush.generateRequestDetails(subscription, '{"a":1}', options);
  expect(await postPush({ endpoint: subscription.endpoint, headers, body })).toMatchObject({ status: 201 });
  expect(service.received).toMatchObject([
    {
      payload: { json: { a: 1 } },
      headers: { ttl: 7, urgency: "low", topic: "t" },
      vapid: { publicKey: vapidDetails.publicKey },
    },
  ]);
});

it("serves TLS, for senders that know only https: to those who trust its certificate", async () => {
  await restart({ tls: true });
  expect(service.origin).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  const vapidDetails = { subject: "mailto:push@example.com", ...webPush.generateVAPIDKeys() };
  await expect(webPush.sendNotification(subscription, "hello", { vapidDetails })).rejects.toThrow(
    "self-signed",
  );
  const agent = new Agent({ ca: String(service.certificate) });
  const answer = await webPush.sendNotification(subscription, "hello", { vapidDetails, agent });
  expect(answer.statusCode).toBe(201);
  expect(service.received).toMatchObject([{ payload: { text: "hello" } }]);
  agent.destroy();
});

it("is called by the host name that it was given", async () => {
  await restart({ tls: true, hostname: "push.example.test" });
  expect(service.host).toMatch(/^push\.example\.test:\d+$/);
  const vapidDetails = { subject: "mailto:push@example.com", ...webPush.generateVAPIDKeys() };
  const lookup = (_: string, options: { all?: boolean }, done: (...answer: unknown[]) => void) =>
    options.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4);
  const agent = new Agent({ ca: String(service.certificate), lookup: lookup as never });
  const answer = await webPush.sendNotification(subscription, "hello", { vapidDetails, agent });
  expect(answer.statusCode).toBe(201);
  agent.destroy();
});
