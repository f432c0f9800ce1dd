import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import {
  createThrowAwayFolder,
  findRedisProgram,
  freePort,
  type LocalRedis,
  type ServerProcess,
  startRedis,
  startServerProcess,
} from "@parley/platform/local";
import { Redis } from "ioredis";
import { until } from "./until.js";

/** A master, two replicas of it, and three sentinels that watch them: all real servers on this machine. */
export interface RedisSentinels {
  /** `redis+sentinel://…`. */
  url: string;
  /** Kills the master with SIGKILL, and waits until the sentinels name another. */
  killMaster(): Promise<void>;
  /** Starts those again that were killed; sentinels make replicas of them. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const NAME = "parley";
const SERVERS = 3;

export async function startRedisSentinels(root: string): Promise<RedisSentinels> {
  const folder = createThrowAwayFolder();
  const binaryDir = path.join(root, ".parley/redis-program");
  const servers = new Servers(folder, binaryDir);
  const ports = await Promise.all(Array.from({ length: SERVERS }, () => freePort()));
  const [first = 0, ...others] = ports;
  await servers.start(first);
  for (const port of others) await servers.start(port, first);
  const sentinels = await startSentinels({ folder, binaryDir, master: first });
  const asker = new Redis({ port: sentinels.ports[0] ?? 0, host: "127.0.0.1" });
  const isQuorate = () => asker.call("SENTINEL", "CKQUORUM", NAME).then(Boolean, () => false);
  await until(async () => (await knownReplicas(asker)) === SERVERS - 1, "the sentinels know the replicas");
  await until(isQuorate, "the sentinels know each other");
  return {
    url: `redis+sentinel://${sentinels.ports.map((port) => `127.0.0.1:${port}`).join(",")}/${NAME}`,
    killMaster: async () => {
      const before = await masterOf(asker);
      await servers.kill(before);
      await until(async () => (await masterOf(asker)) !== before, "another server is the master");
    },
    restart: async () => {
      for (const port of ports) if (!servers.has(port)) await servers.start(port, await masterOf(asker));
    },
    stop: async () => {
      asker.disconnect();
      await Promise.all(sentinels.processes.map((one) => one.stop()));
      await servers.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The servers that run, by their ports. */
class Servers {
  readonly #running = new Map<number, LocalRedis>();
  readonly #folder: string;
  readonly #binaryDir: string;

  constructor(folder: string, binaryDir: string) {
    this.#folder = folder;
    this.#binaryDir = binaryDir;
  }

  has(port: number): boolean {
    return this.#running.has(port);
  }

  async start(port: number, master?: number): Promise<void> {
    const settings = master === undefined ? {} : { replicaof: `127.0.0.1 ${master}` };
    const dataDir = path.join(this.#folder, `redis-${port}`);
    const place = { dataDir, binaryDir: this.#binaryDir, port };
    this.#running.set(port, await startRedis({ ...place, durable: false, settings }));
  }

  async kill(port: number): Promise<void> {
    const server = this.#running.get(port);
    if (server === undefined) throw new Error(`no Redis was started at ${port}`);
    process.kill(server.pid, "SIGKILL");
    await server.ended;
    this.#running.delete(port);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map((server) => server.stop()));
  }
}

async function masterOf(asker: Redis): Promise<number> {
  const [, port] = (await asker.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME)) as string[];
  return Number(port);
}

async function knownReplicas(asker: Redis): Promise<number> {
  const replicas = (await asker.call("SENTINEL", "REPLICAS", NAME)) as unknown[];
  return replicas.filter((replica) => !JSON.stringify(replica).includes("disconnected")).length;
}

async function startSentinels({
  folder,
  binaryDir,
  master,
}: {
  folder: string;
  binaryDir: string;
  master: number;
}) {
  const { command, env } = await findRedisProgram(binaryDir);
  const ports: number[] = [];
  const processes: ServerProcess[] = [];
  for (let count = 0; count < SERVERS; count++) {
    const port = await freePort();
    const place = path.join(folder, `sentinel-${port}`);
    mkdirSync(place);
    const lines = [
      `port ${port}`,
      "bind 127.0.0.1",
      `dir ${place}`,
      `sentinel monitor ${NAME} 127.0.0.1 ${master} 2`,
      `sentinel down-after-milliseconds ${NAME} 1000`,
      `sentinel failover-timeout ${NAME} 5000`,
    ];
    // They write down there what they learn.
    const file = path.join(place, "sentinel.conf");
    writeFileSync(file, `${lines.join("\n")}\n`);
    processes.push(
      await startServerProcess({
        command,
        args: [file, "--sentinel"],
        env,
        logFile: path.join(place, "log"),
        stopSignal: "SIGTERM",
      }),
    );
    ports.push(port);
  }
  return { ports, processes };
}
