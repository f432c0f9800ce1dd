import { afterEach, beforeEach, expect, it } from "vitest";
import { until } from "../until.js";
import type { PushService } from "./push-service.js";
import type { PushSubscription } from "./push-subscription.js";
import { startPushService } from "./start-push-service.js";
import { sendPush } from "./test-push-sender.js";

let service: PushService;
let subscription: PushSubscription;

beforeEach(async () => {
  service = await startPushService();
  subscription = service.newSubscription();
});
afterEach(() => service.stop());

const unavailable = { kind: "status", status: 503 } as const;
const statusOf = async (to = subscription) => (await sendPush(to)).status;
const waiting = (count: number) =>
  until(() => service.gate("g").waiting === count, `${count} pushes wait at the gate`);

async function statuses(count: number, to = subscription): Promise<number[]> {
  const all: number[] = [];
  for (let n = 0; n < count; n++) all.push(await statusOf(to));
  return all;
}

it("fails so many times and then accepts, counted over all subscriptions", async () => {
  const other = service.newSubscription();
  service.behave({ kind: "times", times: 3, first: unavailable });
  expect([...(await statuses(2)), ...(await statuses(2, other))]).toEqual([503, 503, 503, 201]);
});

it("fails so many times for each subscription", async () => {
  const other = service.newSubscription();
  service.behave({ kind: "times", times: 1, first: unavailable, each: "subscription" });
  expect([...(await statuses(2)), ...(await statuses(2, other))]).toEqual([503, 201, 503, 201]);
});

it("one thing after the other, and again from the start when it is set anew", async () => {
  const gone = { kind: "status", status: 410 } as const;
  const behaviour = {
    kind: "times",
    times: 1,
    first: unavailable,
    rest: { kind: "times", times: 1, first: { kind: "status", status: 429 }, rest: gone },
  } as const;
  for (let round = 0; round < 2; round++) {
    service.behave(behaviour);
    expect(await statuses(4)).toEqual([503, 429, 410, 410]);
  }
});

it("fails every nth time", async () => {
  service.behave({ kind: "every", nth: 3, first: unavailable });
  expect(await statuses(7)).toEqual([201, 201, 503, 201, 201, 503, 201]);
});

it("a slow push is accepted and answered when its gate opens, and no sooner", async () => {
  service.behave({ kind: "slow", gate: "g" });
  const answers = [statusOf(), statusOf(), statusOf()];
  await waiting(3);
  expect(service.received).toEqual([]);
  expect(service.requests).toMatchObject(Array(3).fill({ accepted: false, answer: null, refusal: null }));
  expect(service.counters()).toMatchObject({ concurrent: 3, maxConcurrent: 3, answers: {} });
  service.gate("g").letThrough(1);
  expect(await Promise.race(answers)).toBe(201);
  expect([service.gate("g").waiting, service.received.length]).toEqual([2, 1]);
  service.gate("g").open();
  expect(await Promise.all(answers)).toEqual([201, 201, 201]);
  expect(await statusOf()).toBe(201);
  service.gate("g").shut();
  const last = statusOf();
  await waiting(1);
  service.gate("g").open();
  expect(await last).toBe(201);
  await until(() => service.counters().concurrent === 0, "nothing is under way");
});

it("a slow push is accepted also if its sender did not wait for the answer", async () => {
  service.behave({ kind: "slow", gate: "g" });
  const abort = new AbortController();
  const answer = sendPush(subscription, { signal: abort.signal });
  await waiting(1);
  abort.abort();
  await expect(answer).rejects.toThrow("aborted");
  await until(() => service.counters().abandoned === 1, "the service sees that the sender has gone");
  expect(service.received).toEqual([]);
  service.gate("g").open();
  await until(() => service.received.length === 1, "the push is accepted");
  expect(service.received).toMatchObject([{ abandoned: true }]);
});

it("behind the gate comes what was demanded, or the refusal", async () => {
  service.behave({ kind: "slow", gate: "g", next: unavailable });
  const failing = statusOf();
  await waiting(1);
  service.behave({ kind: "slow", gate: "g" });
  const refused = sendPush(subscription, { headers: { ttl: undefined } });
  await waiting(2);
  service.gate("g").open();
  expect(await failing).toBe(503);
  expect(await refused).toMatchObject({ status: 400 });
});

it("stops while pushes wait", async () => {
  service.behave({ kind: "slow", gate: "g" });
  const answer = statusOf();
  await waiting(1);
  await service.stop();
  await expect(answer).rejects.toThrow("socket hang up");
});
