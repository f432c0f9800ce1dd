import type { MessageShape } from "@parley/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectNative, type NativeClient } from "../native-client.js";
import { restClient } from "../rest-client.js";
import { startOwnCluster, type TestCluster } from "../test-cluster.js";
import { until } from "../until.js";
import { untilBusIs } from "../until-bus-is.js";

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startOwnCluster();
});

afterAll(async () => {
  signalRedis("SIGCONT");
  await cluster?.stop();
});

/** Stops and wakes the cluster's own Redis; while stopped, connections stay open and nothing answers. */
function signalRedis(signal: "SIGSTOP" | "SIGCONT"): void {
  const redis = cluster.services.redis;
  if (redis === undefined) throw new Error("the cluster has no Redis of its own");
  process.kill(redis.pid, signal);
}

async function createGroup(memberIds: string[]): Promise<string> {
  const rest = restClient(cluster.urls[0], { userId: "ann" });
  const body = { type: "group", name: "test", member_ids: memberIds };
  return (await rest.request<{ id: string }>("POST", "/v1/chat", body)).body.id;
}

const contents = (client: NativeClient, chatId: string) =>
  client.messages(chatId).map((message: MessageShape) => message.content);

describe("while Redis hangs", () => {
  it("messages are stored, acknowledged and delivered on every node, new chats too, and all is well afterwards", async () => {
    const [a, b, c] = [
      await connectNative(cluster.urls[0], { userId: "ann" }),
      await connectNative(cluster.urls[1], { userId: "ben" }),
      await connectNative(cluster.urls[0], { userId: "cid" }),
    ];
    const chatId = await createGroup(["ben", "cid"]);
    const say = async (chat: string, content: string) => {
      const ack = await a.ask("send_message", { chatId: chat, message: { content } });
      expect(ack).toMatchObject({ ok: true });
    };
    await say(chatId, "before");
    await until(() => contents(b, chatId).length === 1, "ben hears the first message");

    signalRedis("SIGSTOP");
    await say(chatId, "1");
    await until(() => contents(c, chatId).includes("1"), "cid, on the same node, hears it");
    for (const url of cluster.urls) await untilBusIs(url, false);
    expect(await b.hear("bus")).toEqual({ state: "degraded" });
    await say(chatId, "2");
    await until(() => contents(b, chatId).includes("2"), "ben, on the other node, hears it through Postgres");
    const created = await createGroup(["ben"]);
    await say(created, "hello");
    await until(() => contents(b, created).includes("hello"), "ben hears of a chat that is new");

    signalRedis("SIGCONT");
    for (const url of cluster.urls) await untilBusIs(url, true);
    await b.hear<{ state: string }>("bus", ({ state }) => state === "ok");
    await say(chatId, "after");
    await say(created, "after");
    await until(() => [b, c].every((one) => contents(one, chatId).includes("after")), "ben and cid hear on");
    await until(() => contents(b, created).includes("after"), "ben hears on in the new chat");
    expect(contents(b, chatId)).toEqual(["before", "1", "2", "after"]);
    expect(contents(c, chatId)).toEqual(["before", "1", "2", "after"]);
    expect(contents(b, created)).toEqual(["hello", "after"]);
    for (const client of [a, b, c]) client.close();
  });
});
