import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createVapidPair } from "@parley/platform/local";
import { afterAll, beforeAll, expect, it } from "vitest";
import { WebSocket } from "ws";
import { connectNative, nativeClient } from "../native-client.js";
import type { PushService } from "../push-service/push-service.js";
import { startPushService } from "../push-service/start-push-service.js";
import { restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { testToken } from "../test-token.js";
import { until } from "../until.js";

/** Stands in everything that must not be logged. */
const MARK = `mark${randomUUID().replaceAll("-", "")}`;

let cluster: TestCluster;
let service: PushService;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "parley-secrets-"));
  service = await startPushService();
  const vapid = createVapidPair();
  cluster = await startTestCluster({
    LOG_LEVEL: "trace",
    STORAGE_PATH: folder,
    PUSH_ALLOWED_HOSTS: service.host,
    VAPID_PUBLIC_KEY: vapid.publicKey,
    VAPID_PRIVATE_KEY: vapid.privateKey,
  });
});

afterAll(async () => {
  await cluster?.stop();
  await service?.stop();
  await rm(folder, { recursive: true });
});

const logs = async () => {
  const names = ["api-1", "api-2", "worker"];
  const files = names.map((name) => readFile(path.join(cluster.services.dataDir, `${name}.log`), "utf8"));
  return (await Promise.all(files)).join("");
};

/** Whatever they answer. */
async function wrongRequests(chatId: string): Promise<void> {
  const token = testToken({ userId: "ann" });
  const ask = async (place: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${token}`, cookie: `session=${MARK}`, ...init.headers };
    await (await fetch(new URL(place, cluster.urls[0]), { ...init, headers })).arrayBuffer();
  };
  const json = { "content-type": "application/json" };
  const messages = `/v1/chat/${chatId}/messages`;
  await ask(`${messages}?token=${MARK}&email=${MARK}@mail.example&phone=+49${MARK}`);
  await ask(`/v1/nowhere/${MARK}?access_token=${MARK}`);
  await ask(`/v1/chat/%zz${MARK}`);
  await ask(messages, { method: "POST", headers: json, body: `{"content": "${MARK}` });
  await ask(messages, {
    method: "POST",
    headers: json,
    body: JSON.stringify({ content: [MARK], type: MARK }),
  });
  await ask(messages, { method: "POST", headers: json, body: JSON.stringify(MARK.repeat(20_000)) });
  await ask(`/v1/files/${randomUUID()}?token=${MARK}`);
  await ask("/v1/chat/my-chats", { headers: { authorization: `Bearer ${MARK}` } });
  await ask("/v1/chat/my-chats", { headers: { "x-gateway-secret": MARK, "x-user-id": "ann" } });
  await ask("/api/chat/rooms", { headers: { "x-gateway-secret": MARK, "x-user-id": "ann" } });
  await ask("/v1/auth/verify", { headers: { "x-original-uri": `/ws?token=${MARK}` } });
  const form = new FormData();
  form.set("file", new Blob([MARK]), `${MARK}.txt`);
  await ask(`/v1/chat/${chatId}/files`, { method: "POST", body: form });
}

async function sockets(chatId: string): Promise<void> {
  const ann = await connectNative(cluster.urls[1], { userId: "ann" });
  await ann.ask("send_message", { chat_id: chatId, content: MARK, type: "text", client_id: MARK });
  await ann.ask("send_message", { chat_id: MARK, content: MARK });
  await ann.ask("reauthenticate", { token: MARK });
  await ann.ask(`unknown_${MARK}`, { body: MARK });
  ann.close();
  const stranger = nativeClient(cluster.urls[0], { userId: "ann", token: MARK });
  await new Promise((resolve) => stranger.socket.once("connect_error", resolve));
  stranger.close();
  const url = new URL(`/ws?token=${MARK}&user_id=${MARK}`, cluster.urls[0]);
  const raw = new WebSocket(url.href.replace(/^http/, "ws"));
  await new Promise((resolve) => raw.once("error", resolve).once("close", resolve).once("open", resolve));
  raw.terminate();
}

it("nothing secret and nothing that people write reaches the logs of nodes and worker, whatever goes wrong", async () => {
  const ann = restClient(cluster.urls[0], {
    userId: "ann",
    name: `Ann ${MARK}`,
    email: `${MARK}@mail.example`,
  });
  const ben = restClient(cluster.urls[1], { userId: "ben" });
  const direct = { type: "direct", user_id: "ben" };
  const chatId = (await ann.request<{ id: string }>("POST", "/v1/chat", direct)).body.id;
  const endpoints = [];
  for (const behaviour of ["accept", "status", "reset"] as const) {
    const { endpoint, keys, id } = service.newSubscription();
    await ben.request("POST", "/v1/notifications/subscribe", { endpoint, keys });
    if (behaviour === "status") service.behave({ kind: "status", status: 500, body: MARK }, id);
    if (behaviour === "reset") service.behave({ kind: "reset" }, id);
    endpoints.push({ endpoint, keys });
  }
  const spoilt = { endpoint: `https://127.0.0.1/${MARK}`, keys: { p256dh: MARK, auth: MARK } };
  await ben.request("POST", "/v1/notifications/subscribe", spoilt);
  await ann.request("POST", `/v1/chat/${chatId}/messages`, { content: MARK, type: "text" });
  await until(() => service.received.length > 0 && service.requests.length > 2, "pushes go out and fail");
  await wrongRequests(chatId);
  await sockets(chatId);
  const admin = restClient(cluster.urls[0], { userId: "root", role: "admin" });
  const hold = { held: true, reason: MARK };
  await admin.request("PUT", "/v1/admin/users/ann/hold", hold);
  await admin.request("POST", "/v1/admin/users/ann/erase", { confirm: "ann", reason: MARK });
  await until(async () => (await logs()).includes('"msg":"request"'), "requests are logged");
  await until(
    async () => /"route":"\/v1\/admin\/users\/\{user_id\}\/erase"/.test(await logs()),
    "the last one, too",
  );

  const written = await logs();
  expect(written.split("\n").length).toBeGreaterThan(20);
  expect(written.split("\n").filter((line) => line.includes(MARK))).toEqual([]);
  expect(written.split("\n").filter((line) => /eyJ[\w-]+\.[\w-]+/.test(line))).toEqual([]);
  for (const { endpoint, keys } of endpoints)
    for (const secret of [new URL(endpoint).pathname.slice(1), keys.p256dh, keys.auth])
      expect(written, "a push's endpoint or key").not.toContain(secret);
});
