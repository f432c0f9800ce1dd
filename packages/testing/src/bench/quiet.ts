import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { closeEngine, createChat, type Engine } from "@parley/engine";
import { type ClusterProcess, startCluster } from "@parley/platform/local";
import { connectNative, type NativeClient } from "../native-client.js";
import { openTestEngine } from "../test-engine.js";
import { TEST_JWT_SECRET } from "../test-token.js";

/**
 * What watching over delivery costs when nothing is wrong: statements that a node sends to Postgres per second, with nobody
 * connected, with many chats followed, and under a light load; and what it costs while Redis hangs. Run it with `npm run bench:quiet`.
 */

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const USERS = 500;
const CHATS = 10_000;
const ROUND_MS = 15_000;
const ROUNDS = 3;
const SENDS_PER_SECOND = 100;

interface Reading {
  statements: number;
  cpuSeconds: number;
}

async function main(): Promise<void> {
  const secrets = { jwtSecret: TEST_JWT_SECRET, gatewaySecret: randomBytes(16).toString("hex") };
  const unlimited = { MESSAGES_PER_MINUTE: "1000000", MESSAGES_BURST: "100000", LOG_LEVEL: "warn" };
  const env = { ...process.env, ...unlimited };
  const cluster = await startCluster({
    root: ROOT,
    port: 0,
    nodes: 2,
    durable: true,
    secrets,
    env,
  });
  const { nodes, services } = cluster;
  const rows: Array<[string, Reading[]]> = [["nobody connected", await measure(nodes)]];
  const { engine } = openTestEngine(services.databaseUrl);
  const chats = await createChats(engine);
  const clients = await connectAll(nodes);
  rows.push([`${USERS} clients in ${CHATS} chats, quiet`, await measure(nodes)]);
  const load = startLoad(clients, chats);
  rows.push([`the same, ${SENDS_PER_SECOND} messages/s in all`, await measure(nodes)]);
  load.stop();
  if (services.redis !== undefined) {
    process.kill(services.redis.pid, "SIGSTOP");
    await sleep(5_000);
    rows.push(["Redis hangs, quiet", await measure(nodes)]);
    const loadWithout = startLoad(clients, chats);
    rows.push([`Redis hangs, ${SENDS_PER_SECOND} messages/s in all`, await measure(nodes)]);
    loadWithout.stop();
    process.kill(services.redis.pid, "SIGCONT");
  }
  report(rows);
  for (const client of clients) client.close();
  await closeEngine(engine);
  await cluster.stop();
}

async function createChats(engine: Engine): Promise<Map<string, string>> {
  const chats = new Map<string, string>();
  const pairs = Array.from({ length: CHATS }, (_, index) => {
    const step = 1 + Math.floor(index / USERS);
    return [`u${index % USERS}`, `u${((index % USERS) + step) % USERS}`] as const;
  });
  const open = async () => {
    for (let pair = pairs.pop(); pair; pair = pairs.pop()) {
      const actor = { userId: pair[0], role: "user" };
      const { id } = await createChat(engine, { actor, request: { type: "direct", userId: pair[1] } });
      chats.set(pair[0], id);
    }
  };
  await Promise.all(Array.from({ length: 5 }, open));
  return chats;
}

async function connectAll(nodes: ClusterProcess[]): Promise<NativeClient[]> {
  const clients: NativeClient[] = [];
  for (let user = 0; user < USERS; user++) {
    const url = nodes[user % nodes.length]?.url ?? "";
    clients.push(await connectNative(url, { userId: `u${user}` }));
  }
  return clients;
}

function startLoad(clients: NativeClient[], chats: Map<string, string>) {
  let turn = 0;
  const timer = setInterval(() => {
    for (let sends = 0; sends < SENDS_PER_SECOND / 20; sends++) {
      const client = clients[turn++ % clients.length];
      const chatId = chats.get(client?.userId ?? "");
      client?.socket.emit("send_message", { chatId, message: { content: "hello" } }, () => undefined);
    }
  }, 50);
  return { stop: () => clearInterval(timer) };
}

/** Per node and second. */
async function measure(nodes: ClusterProcess[]): Promise<Reading[]> {
  await sleep(6_000);
  const readings: Reading[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = await Promise.all(nodes.map(read));
    const startedAt = performance.now();
    await sleep(ROUND_MS);
    const after = await Promise.all(nodes.map(read));
    const seconds = (performance.now() - startedAt) / 1_000;
    for (const [index, reading] of after.entries()) {
      const from = before[index] ?? reading;
      readings.push({
        statements: (reading.statements - from.statements) / seconds,
        cpuSeconds: (reading.cpuSeconds - from.cpuSeconds) / seconds,
      });
    }
  }
  return readings;
}

async function read(node: ClusterProcess): Promise<Reading> {
  const text = await (await fetch(`${node.url}/metrics`)).text();
  const value = (name: string) => Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "m").exec(text)?.[1]);
  return {
    statements: value("parley_database_statements_total"),
    cpuSeconds: value("parley_process_cpu_seconds_total"),
  };
}

function report(rows: Array<[string, Reading[]]>): void {
  console.log(
    `\nPer node, ${ROUNDS} rounds of ${ROUND_MS / 1_000} s on 2 nodes: median (lowest to highest)\n`,
  );
  console.log("| state | statements/s | CPU of one core |\n|---|---:|---:|");
  for (const [name, readings] of rows) {
    const statements = spread(readings.map((reading) => reading.statements));
    const cpu = spread(readings.map((reading) => reading.cpuSeconds * 100));
    console.log(`| ${name} | ${statements} | ${cpu} % |`);
  }
}

function spread(values: number[]): string {
  const sorted = values.sort((a, b) => a - b);
  const shown = (value: number | undefined) => (value ?? Number.NaN).toFixed(1);
  return `${shown(sorted[Math.floor(sorted.length / 2)])} (${shown(sorted[0])} to ${shown(sorted.at(-1))})`;
}

await main();
