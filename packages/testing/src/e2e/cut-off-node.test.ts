import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { MessageShape } from "@parley/contracts";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type ChaosCluster, startChaosCluster } from "../chaos/chaos-cluster.js";
import { connectNative, type NativeClient } from "../native-client.js";
import { restClient } from "../rest-client.js";
import { until } from "../until.js";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));

let cluster: ChaosCluster;
let logDir: string;

beforeAll(async () => {
  logDir = mkdtempSync(path.join(tmpdir(), "parley-cut-off-"));
  cluster = await startChaosCluster({ root: ROOT, logDir, catchUp: true });
});

afterAll(async () => {
  await cluster?.stop();
  rmSync(logDir, { recursive: true, force: true });
});

/** The last node is the one whose wires can be cut. */
function urlOf(node: 0 | 2): string {
  const url = cluster.nodes[node]?.url;
  if (url === undefined) throw new Error("the cluster has too few nodes");
  return url;
}

async function isReady(url: string): Promise<boolean> {
  return (await fetch(`${url}/readyz`)).ok;
}

const contents = (client: NativeClient, chatId: string) =>
  client.messages(chatId).map((message: MessageShape) => message.content);

async function openPair(userIds: [string, string]): Promise<string> {
  const body = { type: "direct", user_id: userIds[1] };
  const rest = restClient(urlOf(0), { userId: userIds[0] });
  return (await rest.request<{ id: string }>("POST", "/v1/chat", body)).body.id;
}

it("a node alone without Redis is heard through Postgres, and hears the others", async () => {
  const [there, here] = [
    await connectNative(urlOf(2), { userId: "ann" }),
    await connectNative(urlOf(0), { userId: "ben" }),
  ];
  const chatId = await openPair(["ann", "ben"]);
  const say = async (client: NativeClient, content: string) => {
    expect(await client.ask("send_message", { chatId, message: { content } })).toMatchObject({ ok: true });
  };
  await say(there, "before");
  await until(() => contents(here, chatId).length === 1, "ben hears over the bus");

  cluster.wires.redis.cut();
  await there.hear<{ state: string }>("bus", ({ state }) => state === "degraded");
  await say(there, "from the one cut off");
  await say(here, "to the one cut off");
  await until(
    () => contents(here, chatId).length === 3 && contents(there, chatId).length === 3,
    "both hear each other through Postgres",
  );
  // A busy machine may cost the other node its bus for a moment, too; but not for as long as the wire is cut.
  await until(() => here.all("bus").at(-1)?.state !== "degraded", "the bus of the other one works");

  cluster.wires.redis.join();
  await there.hear<{ state: string }>("bus", ({ state }) => state === "ok");
  await say(there, "after");
  await until(() => contents(here, chatId).length === 4, "ben hears over the bus again");
  expect(contents(there, chatId)).toEqual(contents(here, chatId));
  there.close();
  here.close();
});

it("a node alone without Postgres sends its clients to the others, and takes them again when it is back", async () => {
  const lost = await connectNative(urlOf(2), { userId: "cid" });
  const other = await connectNative(urlOf(0), { userId: "dan" });
  cluster.wires.postgres.cut();
  const ending = await lost.hear<{ reason: string; reconnect: boolean }>("connection_ending");
  expect(ending).toMatchObject({ reason: "unavailable", reconnect: true });
  await until(async () => !(await isReady(urlOf(2))), "the node says that it is not ready");
  expect(other.all("connection_ending")).toEqual([]);
  // Where the load balancer sends them now, they are served.
  const moved = await connectNative(cluster.url, { userId: "cid" });
  const chatId = await openPair(["cid", "dan"]);
  expect(await moved.ask("send_message", { chatId, message: { content: "hello" } })).toMatchObject({
    ok: true,
  });

  cluster.wires.postgres.join();
  await until(() => isReady(urlOf(2)), "the node is ready again");
  const back = await connectNative(urlOf(2), { userId: "eve", reconnect: true });
  for (const client of [lost, other, moved, back]) client.close();
});
