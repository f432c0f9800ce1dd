import { Agent } from "node:http";
import { afterEach, beforeEach, expect, it } from "vitest";
import { until } from "../until.js";
import type { PushService, PushServiceOptions } from "./push-service.js";
import type { PushSubscription } from "./push-subscription.js";
import { startPushService } from "./start-push-service.js";
import { encryptPush, sendPush } from "./test-push-sender.js";

let service: PushService;
let subscription: PushSubscription;
let time: number;

beforeEach(() => start());
afterEach(() => service.stop());

async function start(options: PushServiceOptions = {}): Promise<void> {
  time = Date.now();
  service = await startPushService({ now: () => time, ...options });
  subscription = service.newSubscription();
}

async function restart(options: PushServiceOptions): Promise<void> {
  await service.stop();
  await start(options);
}

const send = (text: string, headers: Record<string, string> = {}) =>
  sendPush(subscription, { text, headers });
const message = (messageId: string) => JSON.stringify({ data: { messageId } });
const textsOf = (pushes: readonly { payload: { text: string } | null }[]) =>
  pushes.map(({ payload }) => payload?.text);
const pendingTexts = () => textsOf(service.pending(subscription.id));

it("a push replaces the undelivered one of its topic, and takes its own place in the order", async () => {
  await send("a1", { topic: "a" });
  await send("b1", { topic: "b" });
  await send("none");
  await send("none");
  await send("a2", { topic: "a" });
  expect(pendingTexts()).toEqual(["b1", "none", "none", "a2"]);
  expect(textsOf(service.received)).toEqual(["a1", "b1", "none", "none", "a2"]);
});

it("what was delivered is not replaced, and the same topic elsewhere is another one", async () => {
  const other = service.newSubscription();
  await send("a1", { topic: "a" });
  await sendPush(other, { text: "other", headers: { topic: "a" } });
  expect(textsOf(service.collect(subscription.endpoint))).toEqual(["a1"]);
  expect(pendingTexts()).toEqual([]);
  await send("a2", { topic: "a" });
  expect(textsOf(service.collect(subscription.id))).toEqual(["a2"]);
  expect(textsOf(service.pending(other.id))).toEqual(["other"]);
});

it("a push waits for its TTL, and with a TTL of 0 not at all", async () => {
  await send("now", { ttl: "0" });
  await send("a minute", { ttl: "60" });
  await send("an hour", { ttl: "3600" });
  expect(pendingTexts()).toEqual(["a minute", "an hour"]);
  time += 59_999;
  expect(pendingTexts()).toEqual(["a minute", "an hour"]);
  time += 1;
  expect(pendingTexts()).toEqual(["an hour"]);
  expect(textsOf(service.received)).toEqual(["now", "a minute", "an hour"]);
});

it("counts sockets and what is under way at once", async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 2 });
  service.behave({ kind: "slow", gate: "g" });
  const answers = Array.from({ length: 6 }, () => sendPush(subscription, { agent }));
  await until(() => service.gate("g").waiting === 2, "two pushes wait, and the others for a socket");
  service.gate("g").open();
  await Promise.all(answers);
  await until(() => service.counters().concurrent === 0, "all are answered");
  expect(service.counters()).toMatchObject({
    requests: 6,
    connections: 2,
    openConnections: 2,
    maxConcurrent: 2,
  });
  await sendPush(subscription);
  expect(service.counters()).toMatchObject({ requests: 7, connections: 3 });
  agent.destroy();
  await until(() => service.counters().openConnections === 0, "the sockets are closed");
});

it("can be observed: what was accepted, what will be, and the end", async () => {
  await send("one");
  const seen: string[] = [];
  const observed = (async () => {
    for await (const { payload } of service.observe()) seen.push(String(payload?.text));
  })();
  await until(() => seen.length === 1, "the past is told");
  await send("two");
  await until(() => seen.length === 2, "the present is told");
  service.forget();
  await send("three");
  await until(() => seen.length === 3, "what comes after forgetting is told");
  await service.stop();
  await observed;
  expect(seen).toEqual(["one", "two", "three"]);
});

it("lists so many, counts the others, and does not answer what it can't know then", async () => {
  await restart({ keep: 2 });
  for (const text of ["1", "2"]) await send(text);
  expect(service.pending(subscription.id)).toHaveLength(2);
  await send(message("3"));
  expect(textsOf(service.received)).toEqual(["1", "2"]);
  expect(service.counters()).toMatchObject({ requests: 3, accepted: 3, unlisted: 1 });
  expect(() => service.pending(subscription.id)).toThrow("1 accepted pushes were not listed");
  expect(() => service.collect(subscription.id)).toThrow("1 accepted pushes were not listed");
  expect(await service.deliveries()).toMatchObject({ counted: 1, withoutKey: 2 });
});

it.each(["full", "sample", "none"] as const)(
  "counts what came twice and what is missing: %s",
  async (verify) => {
    await restart({ verify, sampleEvery: 2 });
    const other = service.newSubscription();
    for (const id of ["m1", "m1", "m2", "m1"]) await send(message(id));
    await send(JSON.stringify({ data: { notificationId: "n1", messageId: "m1" } }));
    await send(JSON.stringify({ data: {} }));
    await send("no JSON");
    await send("null");
    await sendPush(other, { text: message("m1") });
    expect(await service.doubled()).toEqual([{ subscription: subscription.id, key: "m1", count: 3 }]);
    const expected = [
      { subscription: subscription.id, key: "m2" },
      { subscription: subscription.endpoint, key: "n1" },
      { subscription: other.endpoint, key: "m1" },
      { subscription: other.endpoint, key: "m2" },
    ];
    expect(await service.missing(expected)).toEqual([expected[3]]);
    expect(await service.deliveries()).toEqual({
      counted: 6,
      distinct: 4,
      surplus: 2,
      withoutKey: 3,
      undecryptable: 0,
    });
    service.forget();
    expect(await service.missing(expected)).toEqual(expected);
    expect(service.counters()).toMatchObject({ requests: 0, accepted: 0 });
    expect([service.requests, service.received, service.pending(subscription.id)]).toEqual([[], [], []]);
  },
);

it("only what is accepted is counted", async () => {
  service.behave({ kind: "times", times: 2, first: { kind: "status", status: 500 } });
  for (let n = 0; n < 3; n++) await send(message("m1"));
  expect(await service.doubled()).toEqual([]);
  service.behave({ kind: "reset", accepted: true });
  await expect(send(message("m1"))).rejects.toThrow();
  expect(await service.doubled()).toEqual([{ subscription: subscription.id, key: "m1", count: 2 }]);
});

it("the mode none looks at headers, size and endpoint only, and sees later what could not be read", async () => {
  await restart({ verify: "none" });
  const unproven = { headers: { authorization: undefined } };
  expect(await sendPush(subscription, { ...unproven, text: message("m1") })).toMatchObject({ status: 201 });
  const body = encryptPush(service.newSubscription().keys, "for somebody else");
  expect(await sendPush(subscription, { body })).toMatchObject({ status: 201 });
  expect(await sendPush(subscription, { headers: { ttl: undefined } })).toMatchObject({ status: 400 });
  expect(await sendPush(subscription, { text: "x".repeat(4096) })).toMatchObject({ status: 413 });
  expect(service.received).toMatchObject(Array(2).fill({ verified: false, payload: null, vapid: null }));
  expect(await service.deliveries()).toMatchObject({ counted: 1, undecryptable: 1 });
});

it("the mode sample verifies one in so many", async () => {
  await restart({ verify: "sample", sampleEvery: 3 });
  const statuses: number[] = [];
  for (let n = 0; n < 6; n++) {
    statuses.push((await sendPush(subscription, { headers: { authorization: undefined } })).status);
  }
  expect(statuses).toEqual([201, 201, 401, 201, 201, 401]);
});

it("holds so many bytes, and does not answer what it can't know then", async () => {
  const text = message("m1");
  const { length } = encryptPush(subscription.keys, text);
  await restart({ verify: "none", holdBytes: 2 * length });
  for (let n = 0; n < 2; n++) await send(text);
  expect(await service.deliveries()).toMatchObject({ counted: 2 });
  for (let n = 0; n < 2; n++) await send(text);
  expect(await service.deliveries()).toMatchObject({ counted: 4 });
  for (let n = 0; n < 3; n++) await send(text);
  await expect(service.doubled()).rejects.toThrow("1 pushes were not counted");
  await expect(service.missing([])).rejects.toThrow("1 pushes were not counted");
});
