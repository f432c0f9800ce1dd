import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { type LocalPostgres, startPostgres } from "./postgres.js";
import { checkRedis, type LocalRedis, startRedis } from "./redis.js";
import { createThrowAwayFolder } from "./throw-away-folder.js";

export interface LocalServicesOptions {
  /** The repository's root; a fetched Redis program is kept below it. */
  root: string;
  /** Folder for both servers' data; left out, a temporary one that `stop` removes. */
  dataDir?: string | undefined;
  /** Folder for both servers' logs; beside the data when left out. */
  logDir?: string | undefined;
  /** Use this Postgres instead of starting one. */
  databaseUrl?: string | undefined;
  /** Use this Redis instead of starting one. */
  redisUrl?: string | undefined;
  /** Set false for data that may be lost with the machine: quicker, no fsync. */
  durable?: boolean;
  /** Further settings of a Postgres that is started here. */
  postgresSettings?: Record<string, string> | undefined;
  /** Ends the set-up early; what was started is stopped again. */
  signal?: AbortSignal | undefined;
}

export interface LocalServices {
  databaseUrl: string;
  /** URL of a database from which others can be created: the given one when Postgres wasn't started here. */
  adminUrl: string;
  redisUrl: string;
  /** Those that were started here. */
  postgres?: LocalPostgres;
  redis?: LocalRedis;
  dataDir: string;
  /** Stops what was started here, Redis first, and removes temporary data. */
  stop(): Promise<void>;
}

/** Starts Postgres and Redis side by side, each unless its URL is given. Leaves nothing running when one of them fails. */
export async function startLocalServices(options: LocalServicesOptions): Promise<LocalServices> {
  const dataDir = options.dataDir ?? createThrowAwayFolder();
  const logDir = options.logDir ?? dataDir;
  for (const folder of [dataDir, logDir]) mkdirSync(folder, { recursive: true });
  const durable = options.durable ?? true;
  if (options.redisUrl) await checkRedis(options.redisUrl);
  const [postgres, redis] = await Promise.allSettled([
    options.databaseUrl
      ? undefined
      : startPostgres({
          dataDir: path.join(dataDir, "postgres"),
          logFile: path.join(logDir, "postgres.log"),
          durable,
          settings: options.postgresSettings,
        }),
    options.redisUrl
      ? undefined
      : startRedis({
          dataDir: path.join(dataDir, "redis"),
          binaryDir: path.join(options.root, ".parley/redis-program"),
          logFile: path.join(logDir, "redis.log"),
          durable: durable && options.dataDir !== undefined,
          signal: options.signal,
        }),
  ]);
  const startedPostgres = postgres.status === "fulfilled" ? postgres.value : undefined;
  const startedRedis = redis.status === "fulfilled" ? redis.value : undefined;
  const stop = async () => {
    await startedRedis?.stop();
    await startedPostgres?.stop();
    if (!options.dataDir) rmSync(dataDir, { recursive: true, force: true });
  };
  if (postgres.status === "rejected" || redis.status === "rejected") {
    await stop();
    throw postgres.status === "rejected" ? postgres.reason : (redis as PromiseRejectedResult).reason;
  }
  return {
    databaseUrl: startedPostgres?.url ?? options.databaseUrl ?? "",
    adminUrl: startedPostgres?.adminUrl ?? options.databaseUrl ?? "",
    redisUrl: startedRedis?.url ?? options.redisUrl ?? "",
    ...(startedPostgres ? { postgres: startedPostgres } : {}),
    ...(startedRedis ? { redis: startedRedis } : {}),
    dataDir,
    stop,
  };
}
