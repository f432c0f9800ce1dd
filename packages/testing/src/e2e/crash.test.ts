import type { MessageShape } from "@parley/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectNative, type NativeClient } from "../native-client.js";
import { restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { until } from "../until.js";

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startTestCluster();
});

afterAll(async () => {
  await cluster?.stop();
});

const members = ["ann", "ben", "cid", "dee"];

async function createGroup(): Promise<string> {
  const rest = restClient(cluster.urls[1], { userId: "ann" });
  const body = { type: "group", name: "test", member_ids: members };
  return (await rest.request<{ id: string }>("POST", "/v1/chat", body)).body.id;
}

async function history(chatId: string): Promise<MessageShape[]> {
  const rest = restClient(cluster.urls[1], { userId: "ann" });
  const all: MessageShape[] = [];
  for (let more = true; more; ) {
    const path = `/v1/chat/${chatId}/messages?after_seq=${all.length}&limit=200`;
    const { body } = await rest.request<{ messages: MessageShape[]; hasMore: boolean }>("GET", path);
    all.push(...body.messages);
    more = body.hasMore;
  }
  return all;
}

interface Sender {
  acked: Map<string, MessageShape>;
  stop(): Promise<void>;
}

/** Sends without a pause, and sends again what was not acknowledged, with the same client id. */
function keepSending(client: NativeClient, chatId: string): Sender {
  const acked = new Map<string, MessageShape>();
  let going = true;
  const loop = (async () => {
    for (let index = 0; going; index++) {
      const message = { content: `${client.userId} ${index}`, client_id: `${client.userId}-${index}` };
      const answer = await until(async () => {
        const ack = await client.socket
          .timeout(1_000)
          .emitWithAck("send_message", { chatId, message })
          .catch(() => undefined);
        return ack?.ok ? ack : undefined;
      }, `${client.userId} is acknowledged`);
      acked.set(message.client_id, answer.message);
    }
  })();
  return {
    acked,
    stop: async () => {
      going = false;
      await loop;
    },
  };
}

describe("a node that dies with kill -9 under load", () => {
  it("loses nothing that it acknowledged, doubles nothing and leaves no hole", async () => {
    const chatId = await createGroup();
    const clients = await Promise.all(
      members.map((userId, index) =>
        connectNative(index < 2 ? cluster.urls[0] : cluster.urls[1], { userId, reconnect: true }),
      ),
    );
    const senders = clients.map((client) => keepSending(client, chatId));
    const ackedAtLeast = (count: number) => () => senders.every((sender) => sender.acked.size >= count);
    const node = cluster.nodes[0];
    for (const round of [1, 2]) {
      await until(ackedAtLeast(round * 100), `everyone has sent ${round * 100} messages`);
      const before = senders[3]?.acked.size ?? 0;
      await node?.kill("SIGKILL");
      await until(() => (senders[3]?.acked.size ?? 0) > before + 50, "the other node goes on");
      await node?.restart();
    }
    await until(ackedAtLeast(300), "everyone has sent 300 messages");
    await Promise.all(senders.map((sender) => sender.stop()));

    const stored = await history(chatId);
    expect(stored.map((message) => message.seq)).toEqual(stored.map((_, index) => index + 1));
    const byClientId = new Map(stored.map((message) => [message.client_id, message]));
    expect(byClientId.size).toBe(stored.length);
    for (const sender of senders) {
      for (const [clientId, message] of sender.acked) {
        expect(byClientId.get(clientId)).toMatchObject({ id: message.id, seq: message.seq });
      }
    }
    // Those on the node that stayed have heard everything live, in order.
    const survivor = clients[3];
    await until(
      () => (survivor?.messages(chatId).length ?? 0) >= stored.length,
      "the survivor has heard everything",
    );
    expect(survivor?.messages(chatId).map((message) => message.seq)).toEqual(
      stored.map((message) => message.seq),
    );
    for (const client of clients) client.close();
  });
});

describe("a node that is told to stop", () => {
  it("answers what it has begun, tells its clients when to come back, and ends in order", async () => {
    const chatId = await createGroup();
    const client = await connectNative(cluster.urls[0], { userId: "ann", reconnect: true });
    const sends = Array.from({ length: 200 }, (_, index) =>
      client.ask("send_message", { chatId, message: { content: `${index}` } }),
    );
    // The node has begun to work on them when the first is acknowledged.
    await Promise.race(sends);
    const stopped = cluster.nodes[0]?.stop();
    const answers = await Promise.allSettled(sends);
    const acked = answers.filter((answer) => answer.status === "fulfilled" && answer.value.ok);
    expect(acked.length).toBeGreaterThan(0);
    expect(await client.hear("server_draining")).toMatchObject({ retryAfterMs: expect.any(Number) });
    expect(await client.hear("connection_ending")).toMatchObject({ reason: "draining", reconnect: true });
    await until(() => !client.socket.connected, "the client is sent away");
    await stopped;
    const stored = await history(chatId);
    expect(stored.length).toBeGreaterThanOrEqual(acked.length);
    expect(stored.map((message) => message.seq)).toEqual(stored.map((_, index) => index + 1));
    await cluster.nodes[0]?.restart();
    await until(
      () => client.socket.connected && client.all("connected").length === 2,
      "the client comes back by itself",
    );
    client.close();
  });
});
