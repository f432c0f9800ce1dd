import { createVapidPair } from "@parley/platform/local";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connectNative } from "../native-client.js";
import type { PushService } from "../push-service/push-service.js";
import { startPushService } from "../push-service/start-push-service.js";
import { restClient } from "../rest-client.js";
import { type CollectedSpan, type SpanCollector, startSpanCollector } from "../span-collector.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { testToken } from "../test-token.js";
import { until } from "../until.js";

let cluster: TestCluster;
let collector: SpanCollector;
let service: PushService;

beforeAll(async () => {
  [collector, service] = await Promise.all([startSpanCollector(), startPushService()]);
  const vapid = createVapidPair();
  cluster = await startTestCluster({
    PUSH_ALLOWED_HOSTS: service.host,
    VAPID_PUBLIC_KEY: vapid.publicKey,
    VAPID_PRIVATE_KEY: vapid.privateKey,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: "x-key=some%20key",
    OTEL_BSP_SCHEDULE_DELAY: "100",
    // Nobody else does what the job of a message is late with.
    NOTIFICATION_SWEEP_SECONDS: "3600",
    TRUST_PROXY: "loopback",
    TRACE_CALLERS: "loopback",
  });
  // What a worker's first look at all chats finds belongs to its trace and not to the sender's. It is one of the first two sweeps.
  const sweeps = () => collector.spans.filter(({ name }) => name === "job notifications.sweep");
  await until(() => sweeps().length >= 2, "the worker has looked at all chats");
});

afterAll(async () => {
  await cluster?.stop();
  await Promise.all([collector?.close(), service?.stop()]);
});

async function openPair(from: string, to: string): Promise<string> {
  const body = { type: "direct", user_id: to };
  const answer = await restClient(cluster.urls[0], { userId: from }).request<{ id: string }>(
    "POST",
    "/v1/chat",
    body,
  );
  return answer.body.id;
}

const ofTrace = (traceId: string) => collector.spans.filter((span) => span.traceId === traceId);
const found = (traceId: string, fits: Partial<CollectedSpan>) =>
  until(
    () =>
      ofTrace(traceId).find((span) =>
        Object.entries(fits).every(([key, value]) => span[key as keyof CollectedSpan] === value),
      ),
    `the trace has a span like ${JSON.stringify(fits)}, and not only ${JSON.stringify(ofTrace(traceId).map(({ name }) => name))}`,
  );

function ancestors(span: CollectedSpan): string[] {
  const parent = collector.spans.find(({ spanId }) => spanId === span.parentSpanId);
  return parent === undefined ? [] : [parent.name, ...ancestors(parent)];
}

it("a caller's trace goes on through the statement, the other node, the job and the push", async () => {
  const chatId = await openPair("ann", "ben");
  const other = await connectNative(cluster.urls[1], { userId: "cid" });
  const { endpoint, keys } = service.newSubscription();
  const ben = restClient(cluster.urls[0], { userId: "ben" });
  await ben.request("POST", "/v1/notifications/subscribe", { endpoint, keys });
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  const secret = "a text that no collector must be told";
  const sent = await fetch(`${cluster.urls[0]}/v1/chat/${chatId}/messages`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${testToken({ userId: "ann" })}`,
      "content-type": "application/json",
      traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
    },
    body: JSON.stringify({ type: "text", content: secret }),
  });
  expect(sent.status).toBe(201);

  const request = await found(traceId, { name: "POST /v1/chat/{id}/messages" });
  expect(request).toMatchObject({
    service: "parley-api",
    parentSpanId: "00f067aa0ba902b7",
    attributes: { "http.response.status_code": 201 },
  });
  const commit = await found(traceId, { name: "messages.commit" });
  await until(() => ancestors(commit)[0] === request.name, "the commit belongs to the request");
  const statement = await found(traceId, { parentSpanId: commit.spanId, name: "postgres SELECT" });
  expect(statement.attributes["db.query.text"]).toContain("append_messages");
  await found(traceId, { name: "redis evalsha" });
  const published = await found(traceId, { name: "bus.publish" });
  const delivered = await found(traceId, { name: "bus.deliver", parentSpanId: published.spanId });
  expect(delivered.node).not.toBe(published.node);
  const job = await found(traceId, { name: "job notifications.collect", service: "parley-worker" });
  await until(() => ancestors(job).includes(commit.name), "the job belongs to the commit");
  const push = await found(traceId, { name: "push.send" });
  expect(push.attributes).toMatchObject({ "parley.push.outcome": "accepted" });
  await until(() => ancestors(push).includes("job push.deliver"), "the push belongs to its job");

  expect(collector.headers.every((headers) => headers["x-key"] === "some key")).toBe(true);
  expect(collector.raw.join("")).not.toContain(secret);
  expect(collector.raw.join("")).not.toContain(new URL(endpoint).pathname);
  other.close();
});

it("a stranger's trace is not followed, but found from the one that begins with their request", async () => {
  const ask = async (traceId: string, headers: Record<string, string>) => {
    const traceparent = `00-${traceId}-00f067aa0ba902b8-01`;
    const authorization = `Bearer ${testToken({ userId: "ivy" })}`;
    const answer = await fetch(`${cluster.urls[0]}/v1/settings`, {
      headers: { authorization, traceparent, ...headers },
    });
    expect(answer.status).toBe(200);
  };
  const [theirs, ours] = ["5bf92f3577b34da6a3ce929d0e0e4736", "6bf92f3577b34da6a3ce929d0e0e4736"];
  await ask(theirs, { "x-forwarded-for": "203.0.113.9" });
  const request = await until(
    () => collector.spans.find(({ links }) => links.includes("00f067aa0ba902b8")),
    "the stranger's request is told",
  );
  expect(request).toMatchObject({ name: "GET /v1/settings", parentSpanId: undefined });
  expect(request.traceId).not.toBe(theirs);
  // Who is trusted comes later and is there: what was to come of the other would be, too.
  await ask(ours, {});
  await found(ours, { name: "GET /v1/settings" });
  expect(ofTrace(theirs)).toEqual([]);
});

it("messages that share a commit have one span, in one of their traces and linked with the others", async () => {
  const chatId = await openPair("dan", "eve");
  const dan = await connectNative(cluster.urls[0], { userId: "dan" });
  const marker = collector.spans.length;
  const acks = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      dan.ask("send_message", { chatId, message: { content: `message ${index}`, type: "text" } }),
    ),
  );
  expect(acks.map(({ error }) => error)).toEqual(acks.map(() => undefined));
  const commands = () => collector.spans.slice(marker).filter(({ name }) => name === "socket send_message");
  await until(() => commands().length === 20, "each command has a span");
  const commits = () => collector.spans.slice(marker).filter(({ name }) => name === "messages.commit");
  const linked = () =>
    commits().flatMap(({ parentSpanId, links }) => [parentSpanId, ...links].filter((id) => id !== undefined));
  await until(() => linked().length === 20, "each command belongs to a commit");
  expect(new Set(linked())).toEqual(new Set(commands().map(({ spanId }) => spanId)));
  expect(commits().length).toBeLessThan(20);
  dan.close();
});

it("a refusal is a failed span with its code, and probes are none", async () => {
  const dan = await connectNative(cluster.urls[0], { userId: "fay" });
  const chatId = await openPair("gil", "hal");
  const answer = await dan.ask("send_message", { chatId, message: { content: "let me in", type: "text" } });
  expect(answer.error?.code).toBe("chat_not_found");
  await until(
    () =>
      collector.spans.find(
        ({ name, failure }) => name === "socket send_message" && failure === answer.error?.code,
      ),
    "the refusal is told",
  );
  await fetch(`${cluster.urls[0]}/readyz`);
  await fetch(`${cluster.urls[0]}/v1/auth/verify`);
  await until(() => collector.spans.find(({ name }) => name === "GET /v1/auth/verify"), "the call is told");
  expect(collector.spans.filter(({ name }) => name.includes("readyz"))).toEqual([]);
  dan.close();
});
