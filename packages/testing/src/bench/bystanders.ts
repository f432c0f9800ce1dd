import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Cluster, startCluster } from "@parley/platform/local";
import { TEST_GATEWAY_SECRET, TEST_JWT_SECRET, testToken } from "../test-token.js";
import { Generator } from "./compare/generator.js";
import { cpuSeconds } from "./compare/process-cpu.js";
import { makeRooms } from "./compare/rivals.js";
import { WITHOUT_LIMITS } from "./without-limits.js";

/**
 * What a message costs a node that has none of its receivers: everybody who talks is on the first node, and on each other node others are
 * connected, who are in chats of their own. CPU per message of either, less what the node uses when nobody talks. Run it with `npm run bench:bystanders`.
 */

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));

const { values } = parseArgs({
  options: {
    nodes: { type: "string", default: "3" },
    rooms: { type: "string", default: "250" },
    /** People on each of the other nodes. */
    others: { type: "string", default: "500" },
    rates: { type: "string", default: "250,500,1000" },
    seconds: { type: "string", default: "20" },
    rounds: { type: "string", default: "3" },
  },
});

interface Cost {
  rate: number;
  /** CPU in microseconds per message. */
  first: number;
  bystander: number;
}

async function main(): Promise<void> {
  const cluster = await startCluster({
    root: ROOT,
    port: 0,
    nodes: Number(values.nodes),
    durable: true,
    secrets: { jwtSecret: TEST_JWT_SECRET, gatewaySecret: TEST_GATEWAY_SECRET },
    env: { ...process.env, ...WITHOUT_LIMITS, REDIS_PREFIX: `bench-${randomBytes(6).toString("hex")}` },
  });
  const generators: Generator[] = [];
  try {
    const [first = "", ...others] = cluster.nodes.map(({ url }) => url);
    const talkers = await connectPairs(cluster, {
      name: "talker",
      urls: [first],
      pairs: Number(values.rooms),
    });
    generators.push(talkers);
    const pairs = (Number(values.others) * others.length) / 2;
    generators.push(await connectPairs(cluster, { name: "listener", urls: others, pairs }));
    console.log(report(await measureAll(cluster, talkers)));
  } finally {
    for (const generator of generators) await generator.stop();
    await cluster.stop();
  }
}

async function connectPairs(
  cluster: Cluster,
  { name, urls, pairs }: { name: string; urls: string[]; pairs: number },
): Promise<Generator> {
  const members = Array.from({ length: pairs }, (_, index) => [`${name}-${index}-a`, `${name}-${index}-b`]);
  const ids = await makeRooms(cluster.services.databaseUrl, members);
  const generator = new Generator();
  await generator.connect({
    urls,
    users: members.flat().map((userId) => ({ userId, token: testToken({ userId, expiresIn: 86_400 }) })),
    rooms: members.map((names, index) => ({ id: ids[index] ?? "", members: names })),
    join: false,
  });
  return generator;
}

async function measureAll(cluster: Cluster, talkers: Generator): Promise<Cost[]> {
  const windowMs = Number(values.seconds) * 1_000;
  const costs: Cost[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    const quiet = await used(cluster, async () => void (await sleep(windowMs)));
    for (const rate of values.rates.split(",").map(Number)) {
      let sent = 0;
      const busy = await used(cluster, async () => {
        const order = { type: "open", perSecond: rate, warmUpMs: 0, windowMs } as const;
        const result = await talkers.measure(order);
        if (result.lost + result.doubled + result.refused + result.dropped > 0)
          throw new Error(`not every message came through once: ${JSON.stringify(result)}`);
        sent = result.sent;
      });
      const perMessage = busy.map((cores, node) => {
        const extra = (cores.seconds - ((quiet[node]?.seconds ?? 0) * cores.wallMs) / windowMs) * 1e6;
        return extra / sent;
      });
      const [first = 0, ...others] = perMessage;
      costs.push({ rate, first, bystander: others.reduce((sum, cost) => sum + cost, 0) / others.length });
    }
  }
  return costs;
}

/** CPU seconds of each node while the work is done, and how long that took. */
async function used(
  cluster: Cluster,
  work: () => Promise<void>,
): Promise<Array<{ seconds: number; wallMs: number }>> {
  const read = () => cluster.nodes.map(({ pid }) => cpuSeconds(pid === undefined ? [] : [pid]));
  const [before, began] = [read(), performance.now()];
  await work();
  const wallMs = performance.now() - began;
  return read().map((seconds, node) => ({ seconds: seconds - (before[node] ?? 0), wallMs }));
}

function report(costs: readonly Cost[]): string {
  const rows = values.rates.split(",").map((rate) => {
    const some = costs.filter((cost) => cost.rate === Number(rate));
    return `| ${rate} | ${spread(some.map(({ first }) => first))} | ${spread(some.map(({ bystander }) => bystander))} |`;
  });
  return [
    `| messages/s | first node, µs of CPU per message | each of ${Number(values.nodes) - 1} others |`,
    "|---:|---:|---:|",
    ...rows,
  ].join("\n");
}

function spread(numbers: number[]): string {
  const sorted = numbers.toSorted((a, b) => a - b).map((number) => number.toFixed(0));
  return `${sorted[Math.floor(sorted.length / 2)]} (${sorted[0]} to ${sorted.at(-1)})`;
}

await main();
