import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { connectRedis, whenReady } from "../redis.js";
import { readRedisUrl } from "../redis-address.js";
import { pingRedis } from "../redis-servers.js";
import { freePort, isPortFree } from "./free-port.js";
import { LocalFault } from "./local-fault.js";
import { tellingLine } from "./log-line.js";
import { findRedisProgram } from "./redis-program.js";
import { endLeftover } from "./running-process.js";
import { startServerProcess } from "./server-process.js";

export interface RedisOptions {
  /** Folder for the data, made when missing. */
  dataDir: string;
  /** Folder where a fetched Redis program is kept between runs. */
  binaryDir: string;
  /** TCP port on 127.0.0.1; 0 takes a free one. */
  port?: number;
  /** File for the server's log; `server.log` in the data folder when left out. */
  logFile?: string;
  /** Set false to keep everything in memory only. */
  durable?: boolean;
  /** Further settings by their names in redis.conf; a setting of several words has spaces in between. */
  settings?: Record<string, string>;
  /** Ends fetching a Redis program early. */
  signal?: AbortSignal | undefined;
}

export interface LocalRedis {
  url: string;
  port: number;
  pid: number;
  /** Resolves when the server has ended, wanted or not. */
  ended: Promise<number | string>;
  stop(): Promise<void>;
}

/** Starts a Redis server of this machine (found, fetched or compiled) and waits until it answers. */
export async function startRedis(options: RedisOptions): Promise<LocalRedis> {
  const binary = await findRedisProgram(options.binaryDir, options.signal);
  mkdirSync(options.dataDir, { recursive: true });
  const pidFile = path.join(options.dataDir, "redis.pid");
  if (existsSync(pidFile))
    await endLeftover(Number(readFileSync(pidFile, "utf8")), options.dataDir, "SIGTERM");

  const port = options.port || (await freePort());
  if (!(await isPortFree(port)))
    throw new LocalFault(`Port ${port} is taken, so Redis can't listen on it: free it or set REDIS_URL.`);
  const server = await startServerProcess({
    command: binary.command,
    args: settings({ ...options, port }),
    logFile: options.logFile ?? path.join(options.dataDir, "server.log"),
    env: binary.env,
    stopSignal: "SIGTERM",
  });
  writeFileSync(pidFile, String(server.pid));
  const url = `redis://127.0.0.1:${port}`;
  if (!(await answers(url, server.ended))) {
    await server.stop(5_000);
    throw new LocalFault(
      `Redis did not start (${tellingLine(server.output())}): correct that or set REDIS_URL.`,
    );
  }
  const stop = async () => {
    await server.stop();
    rmSync(pidFile, { force: true });
  };
  return { url, port, pid: server.pid, ended: server.ended, stop };
}

/** Job queues lose jobs under any other eviction policy than `noeviction`. The data folder in the title identifies a leftover. */
function settings({
  port,
  dataDir,
  durable = true,
  settings: further,
}: RedisOptions & { port: number }): string[] {
  const values = {
    port: String(port),
    bind: "127.0.0.1",
    dir: dataDir,
    daemonize: "no",
    "set-proc-title": "no",
    "maxmemory-policy": "noeviction",
    save: "",
    appendonly: durable ? "yes" : "no",
    appendfsync: "everysec",
    ...further,
  };
  return Object.entries(values).flatMap(([name, value]) => [
    `--${name}`,
    ...(further?.[name]?.split(" ") ?? [value]),
  ]);
}

/** Throws a LocalFault when no Redis answers at a URL that was given. */
export async function checkRedis(url: string): Promise<void> {
  const address = readRedisUrl(url);
  if (address !== undefined && "seeds" in address) return await checkCluster(url);
  const client = new Redis({
    ...address,
    lazyConnect: true,
    retryStrategy: () => null,
    sentinelRetryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: 5_000,
  });
  let reason = "no answer";
  client.on("error", (error) => {
    reason = error.message;
  });
  try {
    await client.connect();
    await client.ping();
  } catch (error) {
    const place = URL.canParse(url) ? new URL(url).host : "REDIS_URL";
    const detail = reason === "no answer" ? (error as Error).message : reason;
    throw new LocalFault(`Redis at ${place} can't be used (${detail}): start it or correct REDIS_URL.`);
  } finally {
    client.disconnect();
  }
}

async function checkCluster(url: string): Promise<void> {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const redis = connectRedis({ url, role: "cache", log });
  try {
    await whenReady(redis, 5_000);
    await pingRedis(redis);
  } catch (error) {
    const detail = (error as Error).message;
    throw new LocalFault(`The Redis cluster can't be used (${detail}): start it or correct REDIS_URL.`);
  } finally {
    redis.disconnect();
  }
}

/** Also waits while the server loads its data, when it answers every command with an error. */
async function answers(url: string, ended: Promise<unknown>): Promise<boolean> {
  let running = true;
  void ended.then(() => {
    running = false;
  });
  for (const deadline = Date.now() + 60_000; running && Date.now() < deadline; await sleep(50)) {
    const client = new Redis(url, {
      lazyConnect: true,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      enableReadyCheck: false,
    });
    client.on("error", () => undefined);
    try {
      await client.connect();
      if ((await client.ping()) === "PONG") return true;
    } catch {
      // Not listening yet, or still loading.
    } finally {
      client.disconnect();
    }
  }
  return false;
}
