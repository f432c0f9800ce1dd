import type { ChatDetailShape } from "@parley/contracts";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { MainServer } from "../main-server/main-server.js";
import { startMainServer } from "../main-server/start-main-server.js";
import { connectNative } from "../native-client.js";
import { restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { until } from "../until.js";

let mainServer: MainServer;
let cluster: TestCluster;

beforeAll(async () => {
  mainServer = await startMainServer();
  const { url, token } = mainServer;
  cluster = await startTestCluster({ USER_DIRECTORY_URL: url, USER_DIRECTORY_TOKEN: token });
});

afterAll(async () => {
  await cluster?.stop();
  await mainServer?.stop();
});

async function namesIn(node: 0 | 1, chatId: string): Promise<Record<string, string | undefined>> {
  const rest = restClient(cluster.urls[node], { userId: "ann" });
  const { members } = (await rest.request<ChatDetailShape>("GET", `/v1/chat/${chatId}`)).body;
  return Object.fromEntries(members.map(({ user_id, name }) => [user_id, name]));
}

it("names come from the main server, also while it is down, and a chat never waits for them", async () => {
  mainServer.users.set("ben", { account: "ben", nickname: "Ben B.", avatar: "/ben.png" });
  mainServer.behave("hangs");
  const client = await connectNative(cluster.urls[0], { userId: "ann" });
  const rest = restClient(cluster.urls[0], { userId: "ann" });
  const chat = (await rest.request<{ id: string }>("POST", "/v1/chat", { type: "direct", user_id: "ben" }))
    .body;
  await until(() => mainServer.asked.includes("ben"), "the node asks about ben");
  expect((await namesIn(0, chat.id)).ben).toBeUndefined();
  expect(await client.ask("send_message", { chatId: chat.id, message: { content: "hi" } })).toMatchObject({
    ok: true,
  });
  mainServer.behave("well");
  await until(async () => (await namesIn(0, chat.id)).ben === "Ben B.", "the name is shown");

  await mainServer.stop();
  await until(
    async () => (await namesIn(1, chat.id)).ben === "Ben B.",
    "the other node has it from the first one",
  );
  const metrics = await (await fetch(`${cluster.urls[1]}/metrics`)).text();
  expect(metrics).toMatch(/parley_user_directory_answers_total\{[^}]*result="cached"/);
  client.close();
});
