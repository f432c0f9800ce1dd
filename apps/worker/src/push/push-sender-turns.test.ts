import { type PushService, startPushService, until } from "@parley/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { PushLimits } from "./push-limits.js";
import { openTestSender, pushTo, type TestSender, targetAt } from "./testing/open-test-sender.js";

let service: PushService;
let other: PushService;
let sender: TestSender;

beforeEach(async () => {
  const now = () => sender.clock.now();
  [service, other] = await Promise.all([startPushService({ now }), startPushService({ now })]);
  reopen();
});
afterEach(async () => {
  await sender.close();
  await Promise.all([service.stop(), other.stop()]);
});

function reopen(limits: Partial<PushLimits> = {}): void {
  sender = openTestSender([service.host, other.host], { limits });
}

const statusOf = ({ origin }: PushService) =>
  sender.originStatus().find((status) => status.origin === origin);

describe("connections", () => {
  test("are used again", async () => {
    for (let push = 0; push < 30; push++) await sender.send(pushTo(service.newSubscription()));
    expect(service.counters()).toMatchObject({ accepted: 30, connections: 1 });
  });

  test("are as many as allowed and no more, however many want one", async () => {
    reopen({ sockets: 4 });
    service.behave({ kind: "slow", gate: "door" });
    const sent = Array.from({ length: 60 }, () => sender.send(pushTo(service.newSubscription())));
    await until(() => service.gate("door").waiting === 4, "four are there");
    expect(statusOf(service)).toMatchObject({ inFlight: 4, waiting: 56 });
    service.gate("door").open();
    const outcomes = await Promise.all(sent);
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(["accepted"]));
    expect(service.counters()).toMatchObject({ accepted: 60, connections: 4, maxConcurrent: 4 });
  });

  test("are given up when nobody needs them", async () => {
    reopen({ idleMs: 20 });
    await sender.send(pushTo(service.newSubscription()));
    await until(() => service.counters().openConnections === 0, "the idle connection is closed");
  });
});

describe("classes", () => {
  test("interactive goes first, and bulk never has more than half of the connections", async () => {
    reopen({ sockets: 4 });
    service.behave({ kind: "slow", gate: "door" });
    const gate = service.gate("door");
    const ended: string[] = [];
    const send = (name: string, pushClass: "interactive" | "bulk") =>
      sender
        .send(pushTo(service.newSubscription(), { payload: { body: name }, class: pushClass }))
        .then(() => ended.push(name));
    const bulk = ["b1", "b2", "b3", "b4", "b5"].map((name) => send(name, "bulk"));
    await until(() => gate.waiting === 2, "two of bulk are there");
    expect(statusOf(service)).toMatchObject({ inFlight: 2, waiting: 3 });
    // The service is busy with bulk, and yet these are there at once.
    const interactive = ["i1", "i2", "i3"].map((name) => send(name, "interactive"));
    await until(() => gate.waiting === 4, "two of interactive are there too");
    expect(statusOf(service)).toMatchObject({ inFlight: 4, waiting: 4 });

    // One of bulk ends: an interactive one takes its place, although three of bulk came before.
    gate.letThrough(1);
    await until(() => ended.length === 1 && gate.waiting === 4, "the next one is there");
    expect(ended).toEqual(["b1"]);
    gate.open();
    await Promise.all([...bulk, ...interactive]);
    const order = service.requests.map(({ payload }) => (Object(payload?.json) as { body: string }).body);
    expect(order.slice(0, 5).sort()).toEqual(["b1", "b2", "i1", "i2", "i3"]);
  });

  test("what finds too many before it is given back at once", async () => {
    reopen({ sockets: 2, waiting: 3 });
    service.behave({ kind: "slow", gate: "door" });
    const sent = Array.from({ length: 8 }, () => sender.send(pushTo(service.newSubscription())));
    const early = await Promise.all(sent.slice(5));
    for (const outcome of early) {
      expect(outcome).toMatchObject({
        kind: "retry_later",
        reason: "queue_full",
        asked: false,
        attemptMs: 0,
      });
    }
    service.gate("door").open();
    expect((await Promise.all(sent)).filter(({ kind }) => kind === "accepted")).toHaveLength(5);
  });

  test("what waits too long for a connection as well", async () => {
    reopen({ sockets: 1, headersMs: 60_000, deadlineMs: 60_000 });
    service.behave({ kind: "slow", gate: "door" });
    const first = sender.send(pushTo(service.newSubscription()));
    await until(() => service.gate("door").waiting === 1, "the first one is there");
    const second = sender.send(pushTo(service.newSubscription()));
    await until(() => statusOf(service)?.waiting === 1, "the second one waits");
    sender.clock.advance(10_000);
    expect(await second).toMatchObject({ reason: "waited_too_long", asked: false });
    service.gate("door").open();
    expect(await first).toMatchObject({ kind: "accepted" });
  });
});

describe("a service that asks to be left alone", () => {
  test.each([
    ["429 and seconds", 429, () => "120"],
    ["503 and seconds", 503, () => "120"],
    // The service's own `Date` is by the real clock.
    ["429 and a date", 429, () => new Date(Date.now() + 120_500).toUTCString()],
  ])("%s: is left alone by all, and others are not", async (_, status, retryAfter) => {
    const target = service.newSubscription();
    service.behave({ kind: "times", times: 1, first: { kind: "status", status, retryAfter: retryAfter() } });
    const refused = await sender.send(pushTo(target));
    expect(refused).toMatchObject({ kind: "retry_later", statusCode: status, asked: true });
    const { afterMs } = refused as { afterMs: number };
    // A date comes nearer until it is read. By the sender's clock, which stands still elsewhere, it would be years.
    expect(afterMs).toBeGreaterThan(60_000);
    expect(afterMs).toBeLessThanOrEqual(122_000);
    sender.clock.advance(afterMs - 1);
    const held = await sender.send(pushTo(service.newSubscription()));
    expect(held).toMatchObject({ kind: "retry_later", reason: "origin_held", afterMs: 1, asked: false });
    expect(await sender.send(pushTo(other.newSubscription()))).toMatchObject({ kind: "accepted" });
    expect(service.requests).toHaveLength(1);
    expect(statusOf(service)).toMatchObject({ heldForMs: 1, circuit: "closed" });
    sender.clock.advance(1);
    expect(await sender.send(pushTo(target))).toMatchObject({ kind: "accepted" });
    expect(sender.lines.map(({ level }) => level)).toEqual(["warn"]);
  });

  test("is not held to more than an hour", async () => {
    const retryAfter = "999999";
    service.behave({ kind: "times", times: 1, first: { kind: "status", status: 429, retryAfter } });
    expect(await sender.send(pushTo(service.newSubscription()))).toMatchObject({ afterMs: 3_600_000 });
    sender.clock.advance(3_600_000);
    expect(await sender.send(pushTo(service.newSubscription()))).toMatchObject({ kind: "accepted" });
  });

  test("without a time it speaks for that push only", async () => {
    service.behave({ kind: "times", times: 1, first: { kind: "status", status: 429 } });
    expect(await sender.send(pushTo(service.newSubscription()))).toMatchObject({ reason: "throttled" });
    expect(await sender.send(pushTo(service.newSubscription()))).toMatchObject({ kind: "accepted" });
  });

  test("those who wait for it are told at once, and those under way end as they end", async () => {
    reopen({ sockets: 2 });
    const refused = service.newSubscription();
    service.behave({ kind: "slow", gate: "door" });
    service.behave({ kind: "status", status: 429, retryAfter: 60 }, refused.id);
    // One of bulk is under way and does not end, so that no other one's turn comes.
    const bulk = Array.from({ length: 5 }, () =>
      sender.send(pushTo(service.newSubscription(), { class: "bulk" })),
    );
    await until(() => service.gate("door").waiting === 1, "the first one is there");
    expect(statusOf(service)).toMatchObject({ inFlight: 1, waiting: 4 });
    await sender.send(pushTo(refused));
    for (const outcome of await Promise.all(bulk.slice(1))) {
      expect(outcome).toMatchObject({ reason: "origin_held", afterMs: 60_000, asked: false });
    }
    service.gate("door").open();
    expect(await bulk[0]).toMatchObject({ kind: "accepted" });
    expect(service.requests).toHaveLength(2);
  });
});

describe("a service that can't be reached", () => {
  const fail = async (times: number) => {
    for (let push = 0; push < times; push++) {
      const outcome = await sender.send(pushTo(targetAt(`${service.origin}/push/${push}`)));
      expect(outcome).toMatchObject({ reason: "connection_failed", asked: true });
    }
  };

  test("costs five pushes an attempt; then nobody tries until one probe may, and its answer opens the way", async () => {
    const port = Number(new URL(service.origin).port);
    await service.stop();
    await fail(5);
    const next = () => sender.send(pushTo(targetAt(`${service.origin}/push/1`)));
    expect(await next()).toMatchObject({ reason: "circuit_open", afterMs: 5_000, asked: false });
    expect(sender.lines).toMatchObject([{ level: "warn", fields: { origin: service.origin } }]);
    expect(await sender.send(pushTo(other.newSubscription()))).toMatchObject({ kind: "accepted" });

    sender.clock.advance(5_000);
    expect(await next()).toMatchObject({ reason: "connection_failed" });
    expect(await next()).toMatchObject({ reason: "circuit_open", afterMs: 10_000 });

    service = await startPushService({ port, now: () => sender.clock.now() });
    sender.clock.advance(10_000);
    service.behave({ kind: "slow", gate: "door" });
    const probe = sender.send(pushTo(service.newSubscription()));
    await until(() => service.gate("door").waiting === 1, "the probe is there");
    const meanwhile = await Promise.all([next(), next(), next()]);
    for (const outcome of meanwhile) expect(outcome).toMatchObject({ reason: "circuit_open", asked: false });
    service.gate("door").open();
    expect(await probe).toMatchObject({ kind: "accepted" });
    expect(statusOf(service)).toMatchObject({ circuit: "closed" });
    expect(await sender.send(pushTo(service.newSubscription()))).toMatchObject({ kind: "accepted" });
    expect(service.requests).toHaveLength(2);
  });

  test("of many that come at the same time after the wait, one is the probe", async () => {
    await service.stop();
    await fail(5);
    sender.clock.advance(5_000);
    const all = await Promise.all(
      Array.from({ length: 10 }, () => sender.send(pushTo(targetAt(`${service.origin}/push/1`)))),
    );
    expect(all.filter(({ asked }) => asked)).toHaveLength(1);
  });

  test("an answer in between, whatever it says, starts the count anew", async () => {
    service.behave({
      kind: "every",
      nth: 5,
      first: { kind: "status", status: 500 },
      rest: { kind: "reset" },
    });
    for (let push = 0; push < 20; push++) {
      expect(await sender.send(pushTo(service.newSubscription()))).toMatchObject({ asked: true });
    }
    expect(statusOf(service)).toMatchObject({ circuit: "closed" });
    expect(service.counters().answers.reset).toBeGreaterThan(10);
  });

  test("one that takes connections and never answers counts too", async () => {
    service.behave({ kind: "hang" });
    const sent = Array.from({ length: 5 }, () => sender.send(pushTo(service.newSubscription())));
    await until(() => service.requests.length === 5, "all are there");
    sender.clock.advance(8_000);
    for (const outcome of await Promise.all(sent)) expect(outcome).toMatchObject({ reason: "timed_out" });
    expect(await sender.send(pushTo(service.newSubscription()))).toMatchObject({ reason: "circuit_open" });
  });
});

describe("origins", () => {
  test("are forgotten when there are too many, the ones in use last", async () => {
    reopen({ origins: 1 });
    await sender.send(pushTo(service.newSubscription()));
    await sender.send(pushTo(other.newSubscription()));
    expect(sender.originStatus().map(({ origin }) => origin)).toEqual([other.origin]);
    await until(() => service.counters().openConnections === 0, "its connections are closed");

    other.behave({ kind: "slow", gate: "door" });
    const busy = sender.send(pushTo(other.newSubscription()));
    await until(() => other.gate("door").waiting === 1, "it is busy");
    expect(await sender.send(pushTo(service.newSubscription()))).toMatchObject({
      reason: "queue_full",
      asked: false,
    });
    other.gate("door").open();
    expect(await busy).toMatchObject({ kind: "accepted" });
    expect(await sender.send(pushTo(service.newSubscription()))).toMatchObject({ kind: "accepted" });
  });

  test("that are held are forgotten only when all others are in use", async () => {
    reopen({ origins: 2 });
    const third = await startPushService({ now: () => sender.clock.now() });
    await sender.close();
    sender = openTestSender([service.host, other.host, third.host], { limits: { origins: 2 } });
    service.behave({ kind: "status", status: 429, retryAfter: 60 });
    await sender.send(pushTo(service.newSubscription()));
    await sender.send(pushTo(other.newSubscription()));
    await sender.send(pushTo(third.newSubscription()));
    expect(sender.originStatus().map(({ origin }) => origin)).toEqual([service.origin, third.origin]);
    await third.stop();
  });
});
