import { Agent as HttpAgent } from "node:http";
import { Agent as TlsAgent } from "node:https";
import { connect } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { until } from "../until.js";
import type { Behaviour } from "./behaviour.js";
import type { PushService } from "./push-service.js";
import type { PushSubscription } from "./push-subscription.js";
import { startPushService } from "./start-push-service.js";
import { createSenderKey, sendPush, signVapid, type TestPush } from "./test-push-sender.js";

let service: PushService;
let subscription: PushSubscription;

beforeEach(async () => {
  service = await startPushService();
  subscription = service.newSubscription();
});
afterEach(() => service.stop());

const push = (given?: TestPush) => sendPush(subscription, given);
const statusOf = async (to = subscription) => (await sendPush(to)).status;
const without = { headers: { authorization: undefined } };

it.each([201, 400, 403, 404, 410, 413, 429, 500, 503])("answers %i on demand", async (status) => {
  service.behave({ kind: "status", status, body: "on demand" });
  expect(await push()).toMatchObject({ status, body: "on demand" });
  const accepted = status === 201;
  expect(service.requests).toMatchObject([
    { refusal: null, accepted, payload: { text: "hello" }, answer: { kind: "status", status } },
  ]);
  expect(service.received).toHaveLength(accepted ? 1 : 0);
});

it.each([120, "Fri, 31 Dec 2060 23:59:59 GMT"])("says when to try again: %s", async (retryAfter) => {
  service.behave({ kind: "status", status: 429, retryAfter });
  expect(await push()).toMatchObject({ status: 429, headers: { "retry-after": String(retryAfter) } });
});

it("what is demanded ends, and is for one subscription before it is for all", async () => {
  const other = service.newSubscription();
  service.behave({ kind: "status", status: 503 });
  service.behave({ kind: "status", status: 410 }, subscription.id);
  expect([await statusOf(), await statusOf(other)]).toEqual([410, 503]);
  service.behave(undefined, subscription.endpoint);
  expect([await statusOf(), await statusOf(other)]).toEqual([503, 503]);
  service.behave(undefined);
  expect([await statusOf(), await statusOf(other)]).toEqual([201, 201]);
});

it("is decided by a function, which sees what was verified", async () => {
  service.behave(({ payload, refusal }) =>
    payload?.text === "bad" || refusal !== null ? { kind: "status", status: 500 } : undefined,
  );
  expect(await push({ text: "bad" })).toMatchObject({ status: 500 });
  expect(await push(without)).toMatchObject({ status: 500 });
  expect(await push({ text: "good" })).toMatchObject({ status: 201 });
  expect(service.requests.map(({ refusal }) => refusal?.status ?? null)).toEqual([null, 401, null]);
});

it("a function that throws breaks the connection, and the test is told", async () => {
  service.behave(() => {
    throw new Error("a mistake in the test");
  });
  await expect(push()).rejects.toThrow("socket hang up");
  await expect(service.stop()).rejects.toThrow("a mistake in the test");
  service = await startPushService();
});

it("what the protocol refuses is not accepted, whatever is demanded", async () => {
  const accepting: Behaviour[] = [
    { kind: "accept" },
    { kind: "status", status: 201 },
    { kind: "hang", accepted: true },
    { kind: "reset", accepted: true },
    { kind: "drip", part: "body" },
    { kind: "flood" },
  ];
  for (const behaviour of accepting) {
    service.behave(behaviour);
    expect(await push(without)).toMatchObject({ status: 401 });
  }
  expect(service.received).toEqual([]);
  expect(service.counters()).toMatchObject({ accepted: 0, refused: accepting.length });
});

it.each([true, false])("hangs, having accepted the push or not: %s", async (accepted) => {
  service.behave({ kind: "hang", accepted });
  const abort = new AbortController();
  const answer = push({ signal: abort.signal });
  const request = await until(() => service.requests.find((one) => one.answer !== null), "it hangs");
  expect(request).toMatchObject({ answer: { kind: "hang", status: null }, accepted, abandoned: false });
  expect(service.counters()).toMatchObject({ concurrent: 1, answers: { hang: 1 } });
  abort.abort();
  await expect(answer).rejects.toThrow("aborted");
  await until(() => request.abandoned, "the service sees that the sender has gone");
  expect(service.received).toHaveLength(accepted ? 1 : 0);
  expect(service.counters()).toMatchObject({ concurrent: 0, abandoned: 1 });
});

it.each([
  { tls: false, accepted: false },
  { tls: false, accepted: true },
  { tls: true, accepted: true },
])("resets the connection: %o", async ({ tls, accepted }) => {
  await service.stop();
  service = await startPushService({ tls });
  subscription = service.newSubscription();
  service.behave({ kind: "reset", accepted });
  const agent = tls ? new TlsAgent({ ca: String(service.certificate) }) : new HttpAgent();
  const sent = sendPush(subscription, { agent });
  await expect(sent).rejects.toMatchObject({ code: "ECONNRESET", syscall: "read" });
  await until(() => service.counters().concurrent === 0, "the service has seen the end of it");
  expect(service.requests).toMatchObject([
    { accepted, answer: { kind: "reset", status: null }, abandoned: false },
  ]);
  expect(service.received).toHaveLength(accepted ? 1 : 0);
});

it.each([undefined, 307] as const)("redirects elsewhere: %s", async (status) => {
  service.behave({ kind: "redirect", to: "http://127.0.0.1:1/inside", ...(status && { status }) });
  expect(await push()).toMatchObject({
    status: status ?? 302,
    headers: { location: "http://127.0.0.1:1/inside" },
  });
  expect(service.received).toEqual([]);
});

/** All that the service sends until `enough` is there, as it comes over the wire. */
async function readWire(enough: (text: string) => boolean): Promise<string> {
  const port = Number(new URL(service.origin).port);
  const socket = connect(port, "127.0.0.1");
  socket.write(
    `POST ${new URL(subscription.endpoint).pathname} HTTP/1.1\r\nHost: ${service.host}\r\nTTL: 1\r\n`,
  );
  const authorization = signVapid(createSenderKey(), service.origin);
  socket.write(`Authorization: ${authorization}\r\nContent-Length: 0\r\n\r\n`);
  let text = "";
  for await (const chunk of socket) {
    text += String(chunk);
    if (enough(text)) break;
  }
  return text;
}

it("drips a header that never ends, and stops when the sender has gone", async () => {
  service.behave({ kind: "drip", part: "head", everyMs: 1 });
  const head = await readWire((text) => text.length > 60);
  expect(head).toMatch(/^HTTP\/1\.1 201 Created\r\nX-Drip: \.+$/);
  await until(() => service.requests[0]?.abandoned, "the service sees that the sender has gone");
  expect(service.requests).toMatchObject([{ accepted: false, answer: { kind: "drip", status: null } }]);
});

it("drips a body that never ends, one byte at a time", async () => {
  service.behave({ kind: "drip", part: "body", everyMs: 1 });
  const text = await readWire((wire) => wire.includes("1\r\n.\r\n1\r\n.\r\n1\r\n."));
  expect(text).toMatch(/^HTTP\/1\.1 201 Created\r\n/);
  await until(() => service.requests[0]?.abandoned, "the service sees that the sender has gone");
  expect(service.requests).toMatchObject([{ accepted: true, answer: { kind: "drip", status: 201 } }]);
  const dripped = (place: number) => service.requests[place]?.answer?.bodyBytes ?? 0;
  const before = dripped(0);
  await readWire((wire) => wire.includes("1\r\n.\r\n1\r\n.\r\n1\r\n."));
  expect([dripped(0), dripped(1) >= 3]).toEqual([before, true]);
});

it("floods with so many megabytes", async () => {
  service.behave({ kind: "flood", megabytes: 3, status: 500 });
  const { status, body } = await push();
  expect([status, body.length]).toEqual([500, 3 * 1024 * 1024]);
  expect(service.requests).toMatchObject([{ accepted: false, answer: { bodyBytes: 3 * 1024 * 1024 } }]);
});

it("floods without end, until the sender has had enough", async () => {
  service.behave({ kind: "flood" });
  const wire = await readWire((text) => text.length > 5 * 1024 * 1024);
  expect(wire).toMatch(/^HTTP\/1\.1 201 Created\r\n/);
  const request = await until(() => service.requests.find((one) => one.abandoned), "the sender has gone");
  expect(request).toMatchObject({ accepted: true, answer: { kind: "flood", status: 201 } });
  expect(request.answer?.bodyBytes).toBeGreaterThan(5 * 1024 * 1024);
});
