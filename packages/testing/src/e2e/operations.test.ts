import type { AlertsShape, NodeShape, NodesShape, QueuesShape, RatesShape } from "@parley/contracts";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { Refused } from "../contracts/contract-client.js";
import { CONTRACTS } from "../contracts/contracts.js";
import { connectNative } from "../native-client.js";
import { restClient } from "../rest-client.js";
import { startOwnCluster, type TestCluster } from "../test-cluster.js";
import { until } from "../until.js";

/** What somebody finds who has nothing but the operators' calls. */

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startOwnCluster();
});

afterAll(async () => {
  signalRedis("SIGCONT");
  for (const node of cluster?.nodes ?? []) node.signal("SIGCONT");
  await cluster?.stop();
});

function signalRedis(signal: "SIGSTOP" | "SIGCONT"): void {
  const redis = cluster?.services.redis;
  if (redis !== undefined) process.kill(redis.pid, signal);
}

const ops = (node: 0 | 1 = 0) => restClient(cluster.urls[node], { userId: "ops", role: "admin" });
const get = async <Body>(path: string, node: 0 | 1 = 0) => {
  const answer = await ops(node).request<Body>("GET", `/v1/admin/${path}`);
  expect([path, answer.status]).toEqual([path, 200]);
  return answer.body;
};
const nodes = (node: 0 | 1 = 0) => get<NodesShape>("nodes", node);
const nodeOf = async (id: string) => (await nodes()).nodes.find((one) => one.id === id);
const untilState = (id: string, state: NodeShape["state"]) =>
  until(async () => (await nodeOf(id))?.state === state, `${id} is ${state}`, 60_000);

describe("a cluster that is well", () => {
  it("shows each node and worker, whichever node is asked, and who is on it", async () => {
    await untilState("worker", "ready");
    const client = await connectNative(cluster.urls[1], { userId: "ann" });
    onTestFinished(() => client.close());
    await until(async () => (await nodeOf("api-2"))?.connections === 1, "the connection is told");
    for (const asked of [0, 1] as const) {
      const { nodes: found, incomplete } = await nodes(asked);
      expect(incomplete).toBeNull();
      expect(found.map(({ id, kind }) => `${kind} ${id}`).toSorted()).toEqual([
        "api api-1",
        "api api-2",
        "worker worker",
      ]);
    }
    // Each word between nodes that is late says for a moment that the bus does not work.
    const node = await until(async () => {
      const found = await nodeOf("api-2");
      return found?.dependencies.bus?.ok && found;
    }, "the node has its bus");
    expect(node).toMatchObject({ users: 1, version: "0.1.0", drain_asked: false });
    expect(node.dependencies).toMatchObject({ postgres: { ok: true, reason: null }, redis: { ok: true } });
    expect(node.dependencies.postgres?.latency_ms).toBeGreaterThan(0);
    expect(node.memory_bytes).toBeGreaterThan(1e6);
  });

  it("shows rates and latencies of what is sent", async () => {
    const client = await connectNative(cluster.urls[0], { userId: "bea" });
    onTestFinished(() => client.close());
    const created = await ops().request<{ id: string }>("POST", "/v1/chat", {
      type: "group",
      name: "g",
      member_ids: ["bea"],
    });
    const chatId = created.body.id;
    const say = async () => {
      expect(await client.ask("send_message", { chatId, message: { content: "hi" } })).toMatchObject({
        ok: true,
      });
    };
    await until(
      async () => {
        await say();
        const { points, incomplete, step_seconds: step } = await get<RatesShape>("rates?minutes=5", 1);
        expect([incomplete, step]).toEqual([null, 10]);
        for (const point of points)
          for (const value of Object.values(point))
            if (typeof value === "number") expect(value).toBeGreaterThanOrEqual(0);
        return points.some(
          (one) =>
            one.messages_per_second > 0 &&
            one.ack_p99_ms !== null &&
            one.deliveries_per_second > 0 &&
            one.connections > 0,
        );
      },
      "what was sent shows",
      60_000,
    );
  });
});

describe.each(CONTRACTS.map((contract) => ({ name: contract.name, contract })))(
  "muted on $name",
  ({ contract }) => {
    it("somebody reads and writes nothing, on every node, until they may again", async () => {
      const people = contract.people.slice(0, contract.chatSize);
      const [userId = "", other = ""] = people;
      const chat = await contract.open(cluster.urls[1], people);
      const sender = await contract.connect(cluster.urls[1], userId);
      onTestFinished(() => sender.close());
      const hearer = await contract.connect(cluster.urls[0], other);
      onTestFinished(() => hearer.close());
      for (const person of [sender, hearer]) await person.enter(chat);
      await sender.say(chat, "before");
      const mute = async (body: { until: string | null }) => {
        const path = `/v1/admin/users/${encodeURIComponent(userId)}/mute`;
        const answer = await ops(0).request("PUT", path, { ...body, reason: "insults" });
        expect(answer.status).toBe(200);
      };
      const mayWrite = () =>
        sender.say(chat, "meanwhile").then(
          () => true,
          (refusal: unknown) => {
            expect(refusal).toBeInstanceOf(Refused);
            return false;
          },
        );
      await mute({ until: "2100-01-01T00:00:00Z" });
      await until(async () => !(await mayWrite()), "the other node refuses");
      const said = (await sender.history(chat)).length;
      expect(await mayWrite()).toBe(false);
      await hearer.say(chat, "are you there?");
      await until(async () => sender.heard(chat).includes("are you there?"), "the muted one hears");
      expect(await sender.history(chat)).toHaveLength(said + 1);
      await mute({ until: null });
      await until(mayWrite, "they may write again");
    });
  },
);

describe("a node that hangs", () => {
  it("is lost in words and in the alerts, keeps nobody waiting, and is back", async () => {
    const [, sick] = cluster.nodes;
    sick?.signal("SIGSTOP");
    await untilState("api-2", "lost");
    const node = await nodeOf("api-2");
    expect(node?.trouble).toMatch(/^it has not reported for \d+ s and has not said goodbye/);
    const { alerts } = await get<AlertsShape>("alerts");
    expect(alerts).toContainEqual(
      expect.objectContaining({ code: "ParleyNodeDown", severity: "critical", subject: "api-2" }),
    );
    for (const path of ["rates", "queues", "users", "chats", "pushes", "engagement"]) await get(path);
    sick?.signal("SIGCONT");
    await untilState("api-2", "ready");
    const after = await get<AlertsShape>("alerts");
    expect(after.alerts.filter(({ code }) => code === "ParleyNodeDown")).toEqual([]);
  });
});

describe("while Redis hangs", () => {
  it("the node that is asked tells of itself, and says why that is all", async () => {
    signalRedis("SIGSTOP");
    onTestFinished(() => signalRedis("SIGCONT"));
    await until(async () => (await nodeOf("api-1"))?.dependencies.redis?.ok === false, "the node notices");
    const { nodes: found, incomplete } = await nodes();
    expect(found).toMatchObject([
      { id: "api-1", state: "degraded", trouble: expect.stringMatching(/no Redis for \d+ s/) },
    ]);
    expect(incomplete).toContain("Redis can't be asked");
    for (const path of ["rates", "queues", "alerts"])
      expect((await get<{ incomplete: string | null }>(path)).incomplete, path).toContain("Redis");
    for (const path of ["nodes/api-2/drain", "queues/push/pause"]) {
      const refused = await ops().request("POST", `/v1/admin/${path}`, {});
      expect([path, refused.status, refused.body.code]).toEqual([path, 503, "redis_unavailable"]);
    }
    await until(
      async () => {
        const { alerts } = await get<AlertsShape>("alerts");
        return alerts.some(({ code, subject }) => code === "ParleyRedisUnavailable" && subject === "api-1");
      },
      "there is an alert",
      60_000,
    );
    signalRedis("SIGCONT");
    await until(async () => (await nodes()).incomplete === null, "all are known again", 60_000);
    for (const id of ["api-1", "api-2", "worker"]) await untilState(id, "ready");
  });
});

describe("draining", () => {
  const drain = async (id: string) => {
    const answer = await ops().request("POST", `/v1/admin/nodes/${id}/drain`, { reason: "test" });
    expect([answer.status, answer.body]).toEqual([202, { node_id: id, drain_asked: true }]);
  };
  const readiness = async (url: string | undefined) => (await fetch(`${url}/readyz`)).status;

  it("moves the clients of a node, takes none, and leaves the process there", async () => {
    const [, node] = cluster.nodes;
    const client = await connectNative(cluster.urls[1], { userId: "cid" });
    onTestFinished(() => client.close());
    await drain("api-2");
    await until(async () => !client.socket.connected, "the client was sent away");
    await untilState("api-2", "draining");
    // The first report of a node that drains may count those who are about to be sent away.
    await until(async () => (await nodeOf("api-2"))?.connections === 0, "nobody is counted who has gone");
    expect(await readiness(node?.url)).toBe(503);
    await expect(connectNative(cluster.urls[1], { userId: "dan" })).rejects.toThrow();
    expect((await nodes(1)).nodes).toHaveLength(3);
    await node?.restart();
    await untilState("api-2", "ready");
    // The node that is back was not asked.
    expect((await nodeOf("api-2"))?.drain_asked).toBe(false);
    const back = await connectNative(cluster.urls[1], { userId: "dan" });
    back.close();
  });

  it("has a worker take no more jobs, which its queues say", async () => {
    await drain("worker");
    await untilState("worker", "draining");
    const { alerts } = await get<AlertsShape>("alerts");
    expect(alerts).toContainEqual(expect.objectContaining({ code: "ParleyNoWorker", severity: "critical" }));
    const queue = async (name: string) =>
      (await get<QueuesShape>("queues")).queues.find((one) => one.name === name);
    expect(await queue("jobs")).toMatchObject({ workers: 0, slots: 0 });
    await until(
      async () => (await queue("jobs"))?.trouble?.includes("No live worker") ?? false,
      "jobs wait for nobody",
      60_000,
    );
    await cluster.worker.restart();
    await untilState("worker", "ready");
    expect(await queue("jobs")).toMatchObject({ workers: 1, slots: 6 });
    await until(async () => (await queue("jobs"))?.trouble === null, "the queue moves", 60_000);
  });

  it("is refused for a node that nobody knows", async () => {
    const answer = await ops().request("POST", "/v1/admin/nodes/api-9/drain", {});
    expect([answer.status, answer.body.code]).toEqual([404, "node_not_found"]);
  });
});

describe("engagement", () => {
  it("is counted by the worker a moment after", async () => {
    const today = new Date().toISOString().slice(0, 10);
    await until(
      async () => {
        const { messages_per_day: days } = await get<{
          messages_per_day: Array<{ date: string; messages: number }>;
        }>("engagement");
        return days.some(({ date, messages }) => date <= today && messages > 0);
      },
      "what was said today is counted",
      90_000,
    );
  });
});
