import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Cluster, startCluster } from "@parley/platform/local";
import { TEST_GATEWAY_SECRET, TEST_JWT_SECRET, testToken } from "../test-token.js";
import { Generator } from "./compare/generator.js";
import type { RoundResult } from "./compare/generator-protocol.js";
import { cpuSeconds } from "./compare/process-cpu.js";
import { makeRooms } from "./compare/rivals.js";
import { WITHOUT_LIMITS } from "./without-limits.js";

/**
 * One node with as many connections as it is to hold, and messages flowing between some of them: what is lost, who is dropped, how
 * late the event loop is. Run it with `npm run bench:full-node`; `-- --connections 2000 --rate 200` asks for less.
 */

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const MEGABYTE = 1_048_576;

const { values } = parseArgs({
  options: {
    contracts: { type: "string", default: "native,matcha" },
    connections: { type: "string", default: "10000" },
    /** Messages per second, each for two people. */
    rate: { type: "string", default: "1000" },
    /** Pairs of people who write to each other, by turns; all others only listen. */
    pairs: { type: "string", default: "500" },
    seconds: { type: "string", default: "30" },
  },
});

interface Reading {
  contract: string;
  connectSeconds: number;
  connectedAfter: number;
  result: RoundResult;
  lagP99Ms: number;
  residentMb: number;
  /** Cores that the node used while the messages flowed. */
  nodeCores: number;
}

async function main(): Promise<void> {
  const readings: Reading[] = [];
  for (const contract of values.contracts.split(",")) {
    if (contract !== "native" && contract !== "matcha") throw new Error(`no load speaks "${contract}"`);
    readings.push(await measure(contract));
  }
  console.log(report(readings));
}

async function measure(contract: "native" | "matcha"): Promise<Reading> {
  const cluster = await startCluster({
    root: ROOT,
    port: 0,
    nodes: 1,
    durable: true,
    secrets: { jwtSecret: TEST_JWT_SECRET, gatewaySecret: TEST_GATEWAY_SECRET },
    env: { ...process.env, ...WITHOUT_LIMITS, REDIS_PREFIX: `bench-${randomBytes(6).toString("hex")}` },
  });
  const generator = new Generator();
  try {
    const url = cluster.nodes[0]?.url ?? "";
    const users = Array.from({ length: Number(values.connections) }, (_, index) => String(index + 1));
    const pairs = Array.from({ length: Number(values.pairs) }, (_, index) =>
      users.slice(2 * index, 2 * index + 2),
    );
    const ids =
      contract === "native"
        ? await makeRooms(cluster.services.databaseUrl, pairs)
        : await openConversations(url, pairs);
    const rooms = pairs.map((members, index) => ({ id: ids[index] ?? "", members }));
    const plan = { urls: [url], users: users.map(withToken), rooms, join: false, contract };
    const connectSeconds = await generator.connect(plan);
    // The node forgets the lag of the time before when it is asked.
    await readMetrics(cluster);
    return { contract, connectSeconds, ...(await run(cluster, generator)) };
  } finally {
    await generator.stop();
    await cluster.stop();
  }
}

async function run(
  cluster: Cluster,
  generator: Generator,
): Promise<Omit<Reading, "contract" | "connectSeconds">> {
  const pids = cluster.nodes.flatMap(({ pid }) => pid ?? []);
  const [warmUpMs, windowMs] = [3_000, Number(values.seconds) * 1_000];
  const cpuBefore = cpuSeconds(pids);
  const began = performance.now();
  const result = await generator.measure({
    type: "open",
    perSecond: Number(values.rate),
    warmUpMs,
    windowMs,
  });
  const nodeCores = ((cpuSeconds(pids) - cpuBefore) * 1_000) / (performance.now() - began);
  const metric = await readMetrics(cluster);
  return {
    result,
    nodeCores,
    connectedAfter: metric("parley_connections"),
    lagP99Ms: metric("parley_nodejs_eventloop_lag_p99_seconds") * 1_000,
    residentMb: metric("parley_process_resident_memory_bytes") / MEGABYTE,
  };
}

async function openConversations(url: string, pairs: string[][]): Promise<string[]> {
  const ids: string[] = [];
  for (const [from = "", to] of pairs) {
    const answer = await fetch(`${url}/api/v1/chat/conversations`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${withToken(from).token}`,
        "x-user-id": from,
        "content-type": "application/json",
      },
      body: JSON.stringify({ user_id: Number(to) }),
    });
    const { data } = (await answer.json()) as { data?: { id?: number } };
    if (data?.id === undefined) throw new Error(`no conversation: ${answer.status}`);
    ids.push(String(data.id));
  }
  return ids;
}

function withToken(userId: string) {
  return { userId, token: testToken({ userId, expiresIn: 86_400 }) };
}

async function readMetrics(cluster: Cluster): Promise<(name: string) => number> {
  const text = await (await fetch(`${cluster.nodes[0]?.url}/metrics`)).text();
  // A metric that is told by contract is the sum of its lines.
  return (name) =>
    [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"))].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    );
}

function report(readings: Reading[]): string {
  const rows = readings.map(({ contract, result, ...reading }) => {
    const { sendsPerSecond, deliveriesPerSecond, ackMs, lost, doubled, refused, dropped } = result;
    return [
      contract,
      `${reading.connectedAfter} (in ${reading.connectSeconds.toFixed(1)} s)`,
      Math.round(sendsPerSecond),
      Math.round(deliveriesPerSecond),
      `${ackMs.p50.toFixed(1)} / ${ackMs.p99.toFixed(1)}`,
      reading.lagP99Ms.toFixed(1),
      Math.round(reading.residentMb),
      reading.nodeCores.toFixed(2),
      `${lost} / ${doubled} / ${refused} / ${dropped}`,
    ].join(" | ");
  });
  return [
    "| contract | connections | sends/s | deliveries/s | ack p50 / p99, ms | loop lag p99, ms | resident, MB | cores | lost / doubled / refused / dropped |",
    "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ...rows.map((row) => `| ${row} |`),
  ].join("\n");
}

await main();
