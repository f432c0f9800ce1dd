import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Cluster, startCluster } from "@parley/platform/local";
import { WebSocket } from "ws";
import { TEST_JWT_SECRET, testToken } from "../test-token.js";
import { until } from "../until.js";
import { WITHOUT_LIMITS } from "./without-limits.js";

/**
 * What an idle connection costs a node in memory, on every contract: a fresh node for each measurement, in turns, with users who are in
 * no chat; the growth of the heap and of the resident memory after the garbage was collected, per connection. Run it with `npm run bench:idle`.
 */

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const GARBAGE = new URL("./collect-garbage.js", import.meta.url).href;
const GATEWAY_SECRET = randomBytes(32).toString("hex");
const WARM_UP = 300;
const CONNECTIONS = 3_000;
const ROUNDS = 3;
const AT_ONCE = 25;

interface Kind {
  name: string;
  open(url: string, userId: string): Promise<WebSocket>;
}

const KINDS: readonly Kind[] = [
  { name: "native (Socket.IO)", open: openNative },
  raw("catchat", "/ws/catchat"),
  raw("kelisim", "/ws"),
  raw("matcha", "/api/v1/chat/ws"),
];

interface Reading {
  heap: number;
  resident: number;
}

async function main(): Promise<void> {
  const readings = new Map<string, Reading[]>(KINDS.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const kind of KINDS) readings.get(kind.name)?.push(await measure(kind));
  }
  report(readings);
}

function raw(name: string, path: string): Kind {
  const open = async (url: string, userId: string) => {
    const socket = new WebSocket(`${url.replace(/^http/, "ws")}${path}?token=${testToken({ userId })}`, {
      perMessageDeflate: false,
    });
    await once(socket, "open");
    return socket;
  };
  return { name, open };
}

/** As much of Engine.IO and Socket.IO as an idle client needs. */
async function openNative(url: string, userId: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/socket.io/?EIO=4&transport=websocket`, {
    perMessageDeflate: false,
  });
  await new Promise<void>((resolve, reject) => {
    socket.on("error", reject);
    socket.on("message", (data) => {
      const text = String(data);
      if (text.startsWith("0")) socket.send(`40/chat,${JSON.stringify({ token: testToken({ userId }) })}`);
      else if (text === "2") socket.send("3");
      else if (text.startsWith('42/chat,["connected"')) resolve();
    });
  });
  return socket;
}

async function measure(kind: Kind): Promise<Reading> {
  const cluster = await startCluster({
    root: ROOT,
    port: 0,
    nodes: 1,
    durable: false,
    secrets: { jwtSecret: TEST_JWT_SECRET, gatewaySecret: GATEWAY_SECRET },
    env: {
      ...process.env,
      ...WITHOUT_LIMITS,
      REDIS_PREFIX: `bench-${randomBytes(6).toString("hex")}`,
      NODE_OPTIONS: `--expose-gc --import ${GARBAGE}`,
    },
  });
  const sockets: WebSocket[] = [];
  try {
    const connect = async (count: number) => {
      for (let done = 0; done < count; done += AT_ONCE) {
        const from = sockets.length;
        const url = cluster.nodes[0]?.url ?? "";
        const opened = await Promise.all(
          Array.from({ length: AT_ONCE }, (_, index) => kind.open(url, String(100_000 + from + index))),
        );
        sockets.push(...opened);
      }
      await until(async () => (await read(cluster)).connections === sockets.length, "all are counted");
    };
    await connect(WARM_UP);
    const before = await readClean(cluster);
    await connect(CONNECTIONS);
    const after = await readClean(cluster);
    return {
      heap: (after.heap - before.heap) / CONNECTIONS,
      resident: (after.resident - before.resident) / CONNECTIONS,
    };
  } finally {
    for (const socket of sockets) socket.terminate();
    await cluster.stop();
  }
}

/** After the garbage of connecting is gone, and what is written for a newcomer has been written. */
async function readClean(cluster: Cluster): Promise<Reading> {
  await sleep(3_000);
  const pid = cluster.nodes[0]?.pid;
  for (let times = 0; times < 3; times++) {
    if (pid !== undefined) process.kill(pid, "SIGUSR2");
    await sleep(500);
  }
  return read(cluster);
}

async function read(cluster: Cluster): Promise<Reading & { connections: number }> {
  const text = await (await fetch(`${cluster.nodes[0]?.url}/metrics`)).text();
  const value = (name: string) => Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "m").exec(text)?.[1]);
  return {
    heap: value("parley_nodejs_heap_size_used_bytes") + value("parley_nodejs_external_memory_bytes"),
    resident: value("parley_process_resident_memory_bytes"),
    connections: value("parley_connections"),
  };
}

function report(readings: Map<string, Reading[]>): void {
  const middle = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  const kilobytes = (values: number[]) => {
    const shown = (value: number) => (value / 1_000).toFixed(1);
    return `${shown(middle(values))} (${shown(Math.min(...values))} to ${shown(Math.max(...values))})`;
  };
  console.log(
    `\nPer idle connection, kB: median of ${ROUNDS} nodes (lowest to highest), ${CONNECTIONS} connections each\n`,
  );
  console.log("| contract | heap and external | resident |\n|---|---:|---:|");
  for (const [name, rounds] of readings) {
    const heap = kilobytes(rounds.map((round) => round.heap));
    const resident = kilobytes(rounds.map((round) => round.resident));
    console.log(`| ${name} | ${heap} | ${resident} |`);
  }
}

await main();
