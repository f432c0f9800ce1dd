import { afterAll, beforeAll, expect, it } from "vitest";
import { type NativeClient, nativeClient } from "../native-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { until } from "../until.js";

const PER_SECOND = 5;
const CLIENTS = 40;

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startTestCluster({ CONNECTS_PER_SECOND: String(PER_SECOND) });
});

afterAll(async () => {
  await cluster?.stop();
});

async function waiting(): Promise<number> {
  const text = await (await fetch(`${cluster.urls[0]}/metrics`)).text();
  return Number(/^parley_connections_waiting\{.*\} (\d+)$/m.exec(text)?.[1]);
}

const isLive = (client: NativeClient) => client.all("connected").length > 0;

it("lets a storm of clients in at the allowed rate, and in the end everyone without a word from them", async () => {
  const startedAt = performance.now();
  const clients = Array.from({ length: CLIENTS }, (_, index) =>
    nativeClient(cluster.urls[0], { userId: `u${index}`, reconnect: true }),
  );
  expect(await until(async () => (await waiting()) > 0, "some have to wait")).toBe(true);
  await until(() => {
    const live = clients.filter(isLive).length;
    // Counted against the clock that the node goes by: a slow machine lets in fewer, never more.
    const allowed = PER_SECOND + ((performance.now() - startedAt) / 1_000) * PER_SECOND;
    expect(live).toBeLessThanOrEqual(Math.ceil(allowed));
    return live === CLIENTS;
  }, "everyone is in");
  for (const client of clients) {
    expect(client.all("connected")).toHaveLength(1);
    client.close();
  }
});
