import type { MessageShape } from "@parley/contracts";
import { io, type Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connectNative, type NativeClient } from "../native-client.js";
import { restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { testToken } from "../test-token.js";
import { until } from "../until.js";

const ORIGIN = "https://app.example";

let cluster: TestCluster;
const open: Array<{ close(): unknown }> = [];

beforeAll(async () => {
  cluster = await startTestCluster({
    MESSAGES_PER_MINUTE: "1",
    MESSAGES_BURST: "4",
    SOCKET_EVENTS_PER_SECOND: "1",
    SOCKET_EVENTS_BURST: "30",
    MAX_CONNECTIONS: "20",
    MAX_CONNECTIONS_PER_USER: "3",
    ALLOWED_ORIGINS: ORIGIN,
  });
});

afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

afterAll(async () => {
  await cluster?.stop();
});

async function connect(node: 0 | 1, userId: string, role = "user"): Promise<NativeClient> {
  const client = await connectNative(cluster.urls[node], { userId, role });
  open.push(client);
  return client;
}

async function createGroup(owner: string): Promise<string> {
  const rest = restClient(cluster.urls[0], { userId: owner });
  const answer = await rest.request<{ id: string }>("POST", "/v1/chat", { type: "group", name: "test" });
  return answer.body.id;
}

/** Connects as a web page of this origin would, and tells how it went. */
function handshake(origin: string | undefined): Promise<string> {
  const socket: Socket = io(`${cluster.urls[0]}/chat`, {
    auth: { token: testToken({ userId: "web" }) },
    transports: ["websocket"],
    reconnection: false,
    forceNew: true,
    ...(origin === undefined ? {} : { extraHeaders: { origin } }),
  });
  open.push(socket);
  return new Promise((resolve) => {
    socket.once("connect", () => resolve("connected"));
    socket.once("connect_error", () => resolve("refused"));
  });
}

describe("the message rate", () => {
  it("is one for all nodes and transports, says when to come again, and lets retries through", async () => {
    const chatId = await createGroup("ann");
    const a = await connect(0, "ann");
    const rest = restClient(cluster.urls[1], { userId: "ann" });
    const draft = (index: number) => ({ content: `${index}`, client_id: `c-${index}` });
    const first = await a.ask("send_message", { chatId, message: draft(1) });
    await rest.request("POST", `/v1/chat/${chatId}/messages`, draft(2));
    await a.ask("send_message", { chatId, message: draft(3) });
    const fourth = await rest.request("POST", `/v1/chat/${chatId}/messages`, draft(4));
    expect(fourth.status).toBe(201);
    const refused = await a.ask("send_message", { chatId, message: draft(5) });
    expect(refused).toMatchObject({ ok: false, error: { code: "rate_limited" } });
    expect(refused.error?.retry_after_ms).toBeGreaterThan(0);
    const tooMany = await rest.request("POST", `/v1/chat/${chatId}/messages`, draft(6));
    expect([tooMany.status, tooMany.body.code]).toEqual([429, "rate_limited"]);
    expect(Number(tooMany.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await a.ask("send_message", { chatId, message: draft(1) })).toEqual(first);
    const again = await rest.request<MessageShape>("POST", `/v1/chat/${chatId}/messages`, draft(4));
    expect(again.body).toEqual(fourth.body);
  });

  it("does not hold for the platform", async () => {
    const chatId = await createGroup("ann");
    const rest = restClient(cluster.urls[0], { userId: "main-server", role: "system" });
    for (let index = 0; index < 8; index++) {
      const sent = await rest.request("POST", `/v1/chat/${chatId}/messages`, { content: `${index}` });
      expect(sent.status).toBe(201);
    }
  });
});

describe("a socket", () => {
  it("that sends too many events is told, and goes on when it slows down", async () => {
    const client = await connect(0, "busy");
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => client.ask("set_presence", { status: "online" })),
    );
    const refused = answers.filter((answer) => !answer.ok);
    expect(refused.length).toBeGreaterThanOrEqual(5);
    expect(refused[0]?.error?.code).toBe("rate_limited");
    expect(refused[0]?.error?.retry_after_ms).toBeGreaterThan(0);
    await until(async () => (await client.ask("set_presence", { status: "online" })).ok, "it may send again");
  });

  it("is one too many beyond the user's share, and its place is free again when another closes", async () => {
    const clients = await Promise.all([1, 2, 3].map(() => connect(0, "many")));
    await expect(connect(0, "many")).rejects.toMatchObject({ data: { code: "too_many_connections" } });
    clients[0]?.close();
    await until(() => connect(0, "many").catch(() => undefined), "the place is free");
  });

  it("is refused when the node is full", async () => {
    const users = Array.from({ length: 20 }, (_, index) => `full-${index}`);
    await Promise.all(users.map((userId) => connect(1, userId)));
    await expect(connect(1, "one-more")).rejects.toThrow();
    expect((await connect(0, "one-more")).socket.connected).toBe(true);
  });

  it("from a web page needs an allowed origin", async () => {
    expect(await handshake(ORIGIN)).toBe("connected");
    expect(await handshake(undefined)).toBe("connected");
    for (const origin of ["https://evil.example", `${ORIGIN}.evil.example`, "http://app.example", "null"]) {
      expect([origin, await handshake(origin)]).toEqual([origin, "refused"]);
    }
  });
});
