import { randomBytes, randomUUID } from "node:crypto";
import type { FileShape } from "@parley/contracts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectNative } from "../native-client.js";
import { restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { testToken } from "../test-token.js";

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startTestCluster();
});

afterAll(() => cluster.stop());

test("a file that went up on one node comes down from the other, through the load balancer too, and its message arrives", async () => {
  const [ann, ben] = [`ann-${randomUUID()}`, `ben-${randomUUID()}`];
  const rest = restClient(cluster.urls[0], { userId: ann });
  const { body: chat } = await rest.request<{ id: string }>("POST", "/v1/chat", {
    type: "direct",
    user_id: ben,
  });
  const client = await connectNative(cluster.urls[1], { userId: ben });
  const bytes = randomBytes(9_000_000);
  const form = new FormData();
  form.set("file", new Blob([bytes]), "large.bin");
  const headers = { authorization: `Bearer ${testToken({ userId: ann })}` };
  const sent = await fetch(`${cluster.url}/v1/chat/${chat.id}/files`, {
    method: "POST",
    headers,
    body: form,
  });
  const file = (await sent.json()) as FileShape;
  expect([sent.status, file.size]).toEqual([201, bytes.length]);
  const message = { type: "file", attachment_url: file.url };
  expect((await rest.request("POST", `/v1/chat/${chat.id}/messages`, message)).status).toBe(201);
  const arrived = await client.hear<{ attachment_url?: string }>("new_message");
  const theirs = { authorization: `Bearer ${testToken({ userId: ben })}` };
  for (const url of [...cluster.urls, cluster.url]) {
    const given = await fetch(new URL(arrived.attachment_url ?? "", url), { headers: theirs });
    expect(Buffer.from(await given.arrayBuffer()).equals(bytes)).toBe(true);
  }
  client.close();
});
