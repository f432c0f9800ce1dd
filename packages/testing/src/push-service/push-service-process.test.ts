import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { until } from "../until.js";
import { type PushServiceProcess, startPushServiceProcess } from "./push-service-process.js";
import type { PushSubscription } from "./push-subscription.js";
import { createSenderKey, sendPush } from "./test-push-sender.js";

let service: PushServiceProcess;
let subscription: PushSubscription;

beforeEach(async () => {
  service = await startPushServiceProcess();
  [subscription] = (await service.newSubscriptions(1)) as [PushSubscription];
});
afterEach(() => service.stop());

const message = (messageId: string) => JSON.stringify({ data: { messageId } });
const statusOf = async (to = subscription) => (await sendPush(to)).status;

function control(method: string, path: string, json?: unknown): Promise<Response> {
  return fetch(
    service.control + path,
    json === undefined ? { method } : { method, body: JSON.stringify(json) },
  );
}

it("makes many subscriptions, accepts, and tells what came, how often, and what it cost", async () => {
  const [first, second] = await service.newSubscriptions(5_001, { userAgentName: "chrome" });
  if (first === undefined || second === undefined) throw new Error("there are no subscriptions");
  for (const id of ["m1", "m1", "m2"]) await sendPush(first, { text: message(id) });
  expect(await service.counters()).toMatchObject({ requests: 3, accepted: 3, answers: { 201: 3 } });
  expect((await service.counters()).process.cpuSeconds).toBeGreaterThan(0);
  expect(await service.received()).toMatchObject([
    { subscription: first.id, payload: { json: { data: { messageId: "m1" } } }, verified: true },
    { subscription: first.id },
    { subscription: first.id },
  ]);
  expect(await service.received(2)).toMatchObject([{ payload: { text: message("m2") } }]);
  expect(await service.doubled()).toEqual([{ subscription: first.id, key: "m1", count: 2 }]);
  const owed = { subscription: second.endpoint, key: "m1" };
  expect(await service.missing([owed, { subscription: first.endpoint, key: "m2" }])).toEqual([owed]);
  expect(await service.deliveries()).toMatchObject({ counted: 3, distinct: 2, surplus: 1 });
  await service.forget();
  expect(await service.counters()).toMatchObject({ requests: 0, accepted: 0 });
  expect(first.id).toMatch(/^chrome-/);
});

it("does what it is told, for all or for one, until it is told otherwise", async () => {
  const [other, restricted] = [
    ...(await service.newSubscriptions(1)),
    ...(await service.newSubscriptions(1, { applicationServerKey: createSenderKey().publicKey })),
  ];
  await service.behave({ kind: "status", status: 503 });
  await service.behave(
    { kind: "times", times: 1, first: { kind: "status", status: 429 } },
    subscription.endpoint,
  );
  expect([await statusOf(), await statusOf(), await statusOf(other)]).toEqual([429, 201, 503]);
  await service.behave(undefined);
  expect([await statusOf(other), await statusOf(restricted)]).toEqual([201, 403]);
  await service.removeSubscription(subscription.id);
  await service.behave(undefined, subscription.id);
  expect(await statusOf()).toBe(410);
});

it("opens and shuts gates", async () => {
  await service.behave({ kind: "slow", gate: "a gate/1" });
  const first = statusOf();
  await until(async () => (await service.waitingAt("a gate/1")) === 1, "the push waits");
  await service.openGate("a gate/1");
  expect([await first, await statusOf()]).toEqual([201, 201]);
  await service.shutGate("a gate/1");
  const second = statusOf();
  await until(async () => (await service.waitingAt("a gate/1")) === 1, "the push waits");
  await service.openGate("a gate/1");
  expect(await second).toBe(201);
});

it("has TLS and the cheap modes too", async () => {
  await service.stop();
  service = await startPushServiceProcess({
    tls: true,
    verify: "sample",
    sampleEvery: 2,
    hostname: "localhost",
  });
  expect(service.origin).toMatch(/^https:\/\/localhost:/);
  expect(service.certificate).toMatch(/^-----BEGIN CERTIFICATE-----/);
  expect(await service.newSubscriptions(1)).toMatchObject([
    { endpoint: expect.stringContaining(service.origin) },
  ]);
});

it.each<[what: string, status: number, call: () => Promise<Response>]>([
  ["an unknown path", 404, () => control("GET", "/nothing")],
  ["an unknown method", 404, () => control("PATCH", "/counters")],
  ["too many subscriptions", 400, () => control("POST", "/subscriptions", { count: 10_001 })],
  ["a wrong count", 400, () => control("POST", "/subscriptions", { count: "many" })],
  ["a wrong place in the list", 400, () => control("GET", "/received?after=-1")],
  ["what is no list", 400, () => control("POST", "/missing", { expected: "m1" })],
  ["what is no delivery", 400, () => control("POST", "/missing", { expected: [null] })],
  ["an unknown subscription", 404, () => control("POST", "/removals", { subscription: "nobody" })],
  ["what is no JSON", 400, () => fetch(`${service.control}/behaviour`, { method: "PUT", body: "{" })],
  ["an unknown behaviour", 400, () => control("PUT", "/behaviour", { behaviour: { kind: "explode" } })],
])("refuses %s with %i when it is steered", async (_, status, call) => {
  expect((await call()).status).toBe(status);
});

it("ends with the process that started it, and says what is wrong with its arguments", () => {
  const main = fileURLToPath(new URL("../../dist/push-service/main.js", import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [main, "--verify", "some"], { encoding: "utf8" });
  expect([status, stderr]).toEqual([1, expect.stringContaining("--verify some is none of")]);
  const launcher = `
    const { fork } = require("node:child_process");
    const child = fork(${JSON.stringify(main)}, [], { stdio: ["ignore", "pipe", "inherit", "ipc"] });
    child.stdout.once("data", () => { console.log(child.pid); process.exit(); });`;
  const { stdout } = spawnSync(process.execPath, ["-e", launcher], { encoding: "utf8" });
  const pid = Number(stdout);
  expect(pid).toBeGreaterThan(0);
  return until(() => !isAlive(pid), "the push service has ended");
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
