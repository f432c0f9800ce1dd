import { readFileSync } from "node:fs";
import { connect as connectTcp, type Socket } from "node:net";
import path from "node:path";
import type { MessageShape } from "@parley/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectNative, type NativeClient } from "../native-client.js";
import { restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { testToken } from "../test-token.js";
import { until } from "../until.js";

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startTestCluster({ LOG_LEVEL: "info", MAX_CONNECTIONS_PER_USER: "5" });
});

afterAll(async () => {
  await cluster?.stop();
});

/** The transport under a client: what a program that does not keep to the protocol would use. */
interface Wire {
  write(text: string): void;
  transport: { ws: { _socket: Socket } };
}

const wireOf = (client: NativeClient) => client.socket.io.engine as unknown as Wire;

async function openConnections(node: 0 | 1): Promise<number> {
  const text = await (await fetch(`${cluster.urls[node]}/metrics`)).text();
  return Number(/^parley_connections\{.*\} (\d+)$/m.exec(text)?.[1]);
}

async function createGroup(owner: string): Promise<string> {
  const rest = restClient(cluster.urls[0], { userId: owner });
  return (await rest.request<{ id: string }>("POST", "/v1/chat", { type: "group", name: "test" })).body.id;
}

describe("a client", () => {
  it("gets no more connections by asking many times on one transport", async () => {
    const client = await connectNative(cluster.urls[0], { userId: "greedy" });
    expect(await openConnections(0)).toBe(1);
    const ask = `0/chat,${JSON.stringify({ token: testToken({ userId: "greedy" }) })}`;
    for (let index = 0; index < 300; index++) wireOf(client).write(ask);
    await until(() => !client.socket.connected, "the transport is closed");
    await until(async () => (await openConnections(0)) === 0, "no connection is left");
    const again = await connectNative(cluster.urls[0], { userId: "greedy" });
    expect(await openConnections(0)).toBe(1);
    again.close();
  });

  it("that asks and does not read is sent away, and the others do not feel it", async () => {
    const chatId = await createGroup("deaf");
    const rest = restClient(cluster.urls[0], { userId: "deaf" });
    for (let index = 0; index < 20; index++) {
      await rest.request("POST", `/v1/chat/${chatId}/messages`, { content: "x".repeat(5_000) });
    }
    const [deaf, other] = [
      await connectNative(cluster.urls[0], { userId: "deaf" }),
      await connectNative(cluster.urls[0], { userId: "other" }),
    ];
    const answer = await deaf.ask("sync", {});
    expect(JSON.stringify(answer).length).toBeGreaterThan(100_000);
    wireOf(deaf).transport.ws._socket.pause();
    for (let index = 0; index < 300; index++) deaf.socket.emit("sync", {}, () => undefined);
    await until(async () => (await openConnections(0)) === 1, "the one who does not read is gone");
    expect(await other.ask("set_presence", { status: "online" })).toMatchObject({ ok: true });
    deaf.close();
    other.close();
  });

  it("that crams an emoji field blocks nobody", async () => {
    const chatId = await createGroup("crammer");
    const client = await connectNative(cluster.urls[0], { userId: "crammer" });
    const { message } = await client.ask("send_message", { chatId, message: { content: "hi" } });
    const emoji = "👍".repeat(12_000);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => client.ask("react", { chatId, messageId: message?.id, emoji })),
    );
    for (const answer of answers) expect(answer).toMatchObject({ error: { code: "invalid_input" } });
    client.close();
  });
});

it("a message that only looks like the platform's harms no node", async () => {
  const chatId = await createGroup("victim");
  const listener = await connectNative(cluster.urls[1], { userId: "victim" });
  const admin = restClient(cluster.urls[0], { userId: "root", role: "admin" });
  const metadata = { order_id: { toString: 1, valueOf: 1 }, receipt_url: { toString: 1 } };
  for (const type of ["order_update", "receipt_shared"]) {
    const sent = await admin.request("POST", `/v1/chat/${chatId}/messages`, { content: "x", type, metadata });
    expect(sent.status).toBe(403);
  }
  await admin.request("POST", `/v1/chat/${chatId}/messages`, { content: "real", type: "system", metadata });
  await listener.hear<MessageShape>("new_message", (heard) => heard.content === "real");
  listener.close();
});

it("a node that is told to stop ends in order, whoever hangs on to it", async () => {
  const port = Number(new URL(cluster.urls[1]).port);
  const silent = connectTcp(port, "127.0.0.1");
  const half = connectTcp(port, "127.0.0.1");
  half.write("POST /v1/chat HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");
  const paused = await connectNative(cluster.urls[1], { userId: "pocketed" });
  wireOf(paused).transport.ws._socket.pause();
  for (const socket of [silent, half]) socket.on("error", () => undefined);
  await until(() => !silent.connecting && !half.connecting, "both are connected");
  await cluster.nodes[1]?.stop();
  const log = readFileSync(path.join(cluster.services.dataDir, "api-2.log"), "utf8");
  expect(log).toContain("the node has stopped");
  expect(log).not.toMatch(/did not stop|nothing caught/);
  paused.close();
  silent.destroy();
  half.destroy();
  await cluster.nodes[1]?.restart();
});
