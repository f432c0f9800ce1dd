import { type PushService, startPushService, until } from "@parley/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "./clock.js";
import type { PushSenderOptions } from "./push-sender.js";
import { openTestSender, pushTo, type TestSender, targetAt } from "./testing/open-test-sender.js";

let service: PushService;
let sender: TestSender;

beforeEach(async () => {
  // Tokens are judged by the sender's clock, which stands still.
  service = await startPushService({ now: () => sender.clock.now() });
  sender = openTestSender([service.host]);
});
afterEach(async () => {
  await sender.close();
  await service.stop();
});

async function reopen(options: Partial<PushSenderOptions>): Promise<void> {
  await sender.close();
  sender = openTestSender([service.host], options);
}

test("a push arrives as it was meant, and says so", async () => {
  const target = service.newSubscription();
  const payload = { title: "Ada", body: "Hello 😀", data: { chatId: "c1" } };
  const outcome = await sender.send(
    pushTo(target, { payload, ttlSeconds: 0, urgency: "very-low", topic: "chat_1-x" }),
  );
  expect(outcome).toEqual({
    kind: "accepted",
    reason: "accepted",
    statusCode: 201,
    origin: service.origin,
    service: "other",
    attemptMs: 0,
    asked: true,
    shortened: false,
  });
  expect(service.received).toMatchObject([
    {
      subscription: target.id,
      headers: { ttl: 0, urgency: "very-low", topic: "chat_1-x", contentEncoding: "aes128gcm" },
      vapid: { claims: { aud: service.origin, sub: "mailto:push@acme.dev" } },
      payload: { json: payload },
      verified: true,
    },
  ]);
  expect(sender.outcomes).toEqual([outcome]);
  expect(sender.lines).toEqual([]);
  expect(sender.clock.waiting()).toEqual([]);
});

describe("what a service may answer", () => {
  const answer = async (status: number, rest: { retryAfter?: string; body?: string } = {}) => {
    const target = service.newSubscription();
    service.behave({ kind: "status", status, ...rest });
    const outcome = await sender.send(pushTo(target));
    expect(outcome).toMatchObject({ statusCode: status, asked: true, origin: service.origin });
    return outcome;
  };

  test.each([
    [200, { kind: "accepted" }],
    [201, { kind: "accepted" }],
    [202, { kind: "accepted" }],
    [400, { kind: "refused", reason: "bad_request" }],
    [401, { kind: "unauthorised" }],
    [403, { kind: "unauthorised" }],
    [404, { kind: "gone" }],
    [410, { kind: "gone" }],
    [418, { kind: "refused", reason: "status_refused" }],
    [429, { kind: "retry_later", reason: "throttled", afterMs: 30_000 }],
    [500, { kind: "retry_later", reason: "service_failed", afterMs: 10_000 }],
    [502, { kind: "retry_later", reason: "service_failed" }],
    [503, { kind: "retry_later", reason: "service_failed" }],
  ])("%d", async (status, expected) => {
    expect(await answer(status)).toMatchObject(expected);
    expect(service.requests).toHaveLength(1);
  });

  test("its words are kept, without the endpoint in them", async () => {
    expect(await answer(400, { body: '{"reason":"VapidPkHashMismatch"}' })).toMatchObject({
      detail: "VapidPkHashMismatch",
    });
  });

  test("the real refusals of a service: no such subscription, one that is over, and one of other keys", async () => {
    expect(await sender.send(pushTo(targetAt(`${service.origin}/push/nothing`)))).toMatchObject({
      kind: "gone",
    });
    const over = service.newSubscription();
    service.removeSubscription(over.id);
    expect(await sender.send(pushTo(over))).toMatchObject({ kind: "gone", statusCode: 410 });
    const ours = service.newSubscription({ applicationServerKey: sender.publicKey });
    expect(await sender.send(pushTo(ours))).toMatchObject({ kind: "accepted" });
    const others = service.newSubscription({ applicationServerKey: targetAt("x:").keys.p256dh });
    expect(await sender.send(pushTo(others))).toMatchObject({ kind: "unauthorised", statusCode: 403 });
  });
});

describe("keys that a service does not accept", () => {
  const refuse = () => service.behave({ kind: "status", status: 403 });
  const sendSome = async (count: number) => {
    const reasons: string[] = [];
    for (let push = 0; push < count; push++)
      reasons.push((await sender.send(pushTo(service.newSubscription()))).reason);
    return reasons;
  };

  test("pause its pushes, of which a few try from time to time, until one is taken", async () => {
    refuse();
    const doubted = "keys_refused";
    expect(await sendSome(5)).toEqual([...Array(4).fill("unauthorised"), doubted]);
    const held = await sender.send(pushTo(service.newSubscription()));
    expect(held).toMatchObject({ reason: "origin_held", afterMs: 300_000, asked: false });
    sender.clock.advance(300_000);
    expect(await sendSome(7)).toEqual([...Array(5).fill(doubted), "origin_held", "origin_held"]);
    expect(service.requests).toHaveLength(10);
    sender.clock.advance(300_000);
    service.behave({ kind: "accept" });
    expect(await sendSome(3)).toEqual(Array(3).fill("accepted"));
    const paused = sender.lines.filter(({ message }) => message.includes("its pushes wait"));
    expect(paused).toMatchObject([
      { level: "error", fields: { origin: service.origin, statusCode: 403 } },
      { level: "error" },
    ]);
  });

  test("keep nobody waiting any more when a push that was on its way is taken after all", async () => {
    const target = service.newSubscription();
    service.behave({ kind: "slow", gate: "later" }, target.endpoint);
    const onItsWay = sender.send(pushTo(target));
    await until(() => service.requests.length === 1, "the service has it");
    refuse();
    expect((await sendSome(6)).at(-1)).toBe("origin_held");
    service.gate("later").open();
    expect((await onItsWay).kind).toBe("accepted");
    service.behave({ kind: "accept" });
    expect(await sendSome(1)).toEqual(["accepted"]);
  });

  test("are not thought of while others of its pushes are taken", async () => {
    expect(await sendSome(1)).toEqual(["accepted"]);
    refuse();
    expect(await sendSome(20)).toEqual(Array(20).fill("unauthorised"));
    service.behave({ kind: "accept" });
    expect(await sendSome(1)).toEqual(["accepted"]);
  });
});

describe("the token", () => {
  const expiries = () => service.requests.map(({ vapid }) => vapid?.claims.exp);

  test("is one for an origin's pushes, and another one for another origin", async () => {
    const other = await startPushService({ now: () => sender.clock.now() });
    await reopen({ policy: openTestSenderPolicy([service.host, other.host]) });
    await sender.send(pushTo(service.newSubscription()));
    sender.clock.advance(60_000);
    await sender.send(pushTo(service.newSubscription()));
    await sender.send(pushTo(other.newSubscription()));
    const [first, second] = expiries();
    expect(second).toBe(first);
    const [elsewhere] = other.requests;
    expect(elsewhere?.vapid?.claims).toMatchObject({ aud: other.origin, exp: (first ?? 0) + 60 });
    await other.stop();
  });

  test.each([401, 403])(
    "is made anew after %d, with one line in the log and the push given back",
    async (status) => {
      const target = service.newSubscription();
      service.behave({ kind: "times", times: 2, first: { kind: "status", status, body: "BadJwtToken" } });
      for (let push = 0; push < 3; push++) {
        await sender.send(pushTo(target));
        sender.clock.advance(60_000);
      }
      const [first = 0, second = 0, third] = expiries();
      expect([second - first, (third ?? 0) - second]).toEqual([60, 60]);
      expect(sender.outcomes.map(({ kind }) => kind)).toEqual(["unauthorised", "unauthorised", "accepted"]);
      expect(sender.lines).toEqual([
        {
          level: "error",
          fields: { origin: service.origin, statusCode: status, detail: "BadJwtToken" },
          message: expect.any(String),
        },
      ]);
      service.behave({ kind: "status", status });
      sender.clock.advance(10 * 60_000);
      await sender.send(pushTo(target));
      expect(sender.lines).toHaveLength(2);
    },
  );
});

function openTestSenderPolicy(hosts: string[]) {
  return {
    mode: "known" as const,
    allowedHosts: hosts.map((host) => {
      const { hostname, port } = new URL(`http://${host}`);
      return { host: hostname, below: false, port: Number(port) };
    }),
    production: false,
  };
}

describe("a payload that is too large", () => {
  const long = { title: "Ada", body: "x".repeat(10_000), data: { chatId: "c1" } };

  test("is cut to what every service takes", async () => {
    const target = service.newSubscription();
    expect(await sender.send(pushTo(target, { payload: long }))).toMatchObject({
      kind: "accepted",
      shortened: true,
    });
    expect(service.received[0]?.bodySize).toBe(4096);
  });

  test("is sent once more with half of it after 413, and then given up", async () => {
    const target = service.newSubscription();
    service.behave({ kind: "times", times: 1, first: { kind: "status", status: 413 } });
    expect(await sender.send(pushTo(target, { payload: long }))).toMatchObject({
      kind: "accepted",
      shortened: true,
    });
    expect(service.requests.map(({ bodySize }) => bodySize)).toEqual([4096, Math.floor(3993 / 2) + 103]);
    expect(service.received[0]?.payload?.json).toMatchObject({ title: "Ada", data: { chatId: "c1" } });

    service.behave({ kind: "status", status: 413 });
    expect(await sender.send(pushTo(target, { payload: long }))).toMatchObject({
      kind: "too_large",
      reason: "too_large_for_service",
    });
    expect(service.requests).toHaveLength(4);
  });

  test("asks nobody when nothing helps", async () => {
    const target = service.newSubscription();
    const payload = { data: { text: "x".repeat(5_000) } };
    expect(await sender.send(pushTo(target, { payload }))).toMatchObject({
      kind: "too_large",
      reason: "payload_too_large",
      asked: false,
    });
    service.behave({ kind: "status", status: 413 });
    expect(await sender.send(pushTo(target, { payload: { title: "x" } }))).toMatchObject({
      kind: "too_large",
    });
    expect(service.requests).toHaveLength(1);
  });
});

test("keys that are none ask nobody", async () => {
  const { endpoint } = service.newSubscription();
  const keys = { p256dh: Buffer.alloc(65, 4).toString("base64url"), auth: "A".repeat(22) };
  expect(await sender.send(pushTo({ endpoint, keys }))).toMatchObject({
    kind: "refused",
    reason: "subscription_keys_invalid",
    asked: false,
  });
  expect(service.requests).toHaveLength(0);
});

test.each([
  ["https://10.0.0.1/x", "address_not_allowed"],
  ["https://push.attacker.tld/x", "host_not_known"],
  ["http://127.0.0.1:1/x", "scheme_not_allowed"],
  ["nonsense", "malformed"],
])("%s is refused without being asked: %s", async (endpoint, detail) => {
  expect(await sender.send(pushTo(targetAt(endpoint)))).toEqual({
    kind: "refused",
    reason: "endpoint_not_allowed",
    detail,
    service: "other",
    attemptMs: 0,
    asked: false,
    shortened: false,
  });
  expect(sender.originStatus()).toEqual([]);
});

test.each([
  { ttlSeconds: -1 },
  { ttlSeconds: 2_419_201 },
  { ttlSeconds: 1.5 },
  { ttlSeconds: Number.NaN },
  { topic: "x".repeat(33) },
  { topic: "" },
  { topic: "a b" },
  { topic: "a=" },
  { urgency: "urgent" as "high" },
])("what makes no sense is the caller's fault: %j", async (rest) => {
  await expect(sender.send(pushTo(service.newSubscription(), rest))).rejects.toThrow(RangeError);
  expect(service.requests).toHaveLength(0);
});

test("the longest TTL and topic are taken", async () => {
  const push = pushTo(service.newSubscription(), { ttlSeconds: 2_419_200, topic: "x".repeat(32) });
  expect(await sender.send(push)).toMatchObject({ kind: "accepted" });
});

test("who counts outcomes can't make a push look as if it had failed", async () => {
  const onOutcome = () => {
    throw new Error("no such label");
  };
  await reopen({ onOutcome });
  expect(await sender.send(pushTo(service.newSubscription()))).toMatchObject({ kind: "accepted" });
  expect(sender.lines).toMatchObject([{ level: "error", fields: { err: new Error("no such label") } }]);
});

test("closing waits for what is under way, and gives back what waits and what comes", async () => {
  await reopen({ limits: { sockets: 1 } });
  service.behave({ kind: "slow", gate: "door" });
  const target = service.newSubscription();
  const underWay = sender.send(pushTo(target));
  const waiting = sender.send(pushTo(target));
  await until(() => service.gate("door").waiting === 1, "the push is under way");
  const closed = sender.close();
  expect(await waiting).toMatchObject({ kind: "retry_later", reason: "closing", asked: false });
  expect(await sender.send(pushTo(target))).toMatchObject({ kind: "retry_later", reason: "closing" });
  service.gate("door").open();
  expect(await underWay).toMatchObject({ kind: "accepted" });
  await closed;
  await until(() => service.counters().openConnections === 0, "all connections are closed");
  expect(service.requests).toHaveLength(1);
});

test("over TLS, with a certificate that is trusted and one that is not", async () => {
  const secure = await startPushService({ tls: true, hostname: "push.acme.dev" });
  const resolve = async () => [{ address: "127.0.0.1", family: 4 }];
  const { certificate } = secure;
  const trusting = openTestSender([secure.host], { resolve, ca: certificate ?? "", clock: systemClock });
  for (let push = 0; push < 3; push++)
    expect(await trusting.send(pushTo(secure.newSubscription()))).toMatchObject({ kind: "accepted" });
  expect(secure.counters().connections).toBe(1);
  const wary = openTestSender([secure.host], { resolve, clock: systemClock });
  expect(await wary.send(pushTo(secure.newSubscription()))).toMatchObject({
    kind: "retry_later",
    reason: "connection_failed",
    detail: "DEPTH_ZERO_SELF_SIGNED_CERT",
  });
  expect(secure.counters().accepted).toBe(3);
  await Promise.all([trusting.close(), wary.close()]);
  await secure.stop();
});
