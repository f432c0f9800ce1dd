import { rmSync } from "node:fs";
import path from "node:path";
import {
  createThrowAwayFolder,
  type LocalPostgres,
  type LocalRedis,
  startPostgres,
  startRedis,
} from "@parley/platform/local";
import { type PostgresPair, startPostgresPair } from "../postgres-pair.js";
import { type RedisCluster, startRedisCluster } from "../redis-cluster.js";
import { type RedisSentinels, startRedisSentinels } from "../redis-sentinels.js";

/** What the nodes use: the single Redis, one with replicas whose master sentinels name, or a cluster of Redis. */
export type ChaosRedis = "single" | "sentinels" | "cluster";

/** The Postgres and Redis of one scenario, which can be killed, halted and started again at their addresses. */
export class ChaosServices {
  readonly #root: string;
  readonly #logDir: string;
  readonly #folder = createThrowAwayFolder();
  #postgres: LocalPostgres | undefined;
  #redis: LocalRedis | undefined;
  readonly #kind: ChaosRedis;
  #sentinels: RedisSentinels | undefined;
  readonly #withReplica: boolean;
  #pair: PostgresPair | undefined;
  #cluster: RedisCluster | undefined;

  /**
   * @param options.redis What the nodes get besides the single Redis, which runs in any case.
   * @param options.withReplica The nodes get a Postgres with a replica, in place of the single one.
   */
  constructor({
    root,
    logDir,
    redis = "single",
    withReplica = false,
  }: { root: string; logDir: string; redis?: ChaosRedis; withReplica?: boolean }) {
    this.#root = root;
    this.#logDir = logDir;
    this.#kind = redis;
    this.#withReplica = withReplica;
  }

  /** Where the nodes find Postgres. */
  get postgres(): { url: string; port: number } {
    const postgres = this.#pair ?? this.#postgres;
    if (postgres === undefined) throw new Error("Postgres has not been started");
    return postgres;
  }

  /** Undefined where there is no replica. */
  get pair(): PostgresPair | undefined {
    return this.#pair;
  }

  get redis(): LocalRedis {
    if (this.#redis === undefined) throw new Error("Redis has not been started");
    return this.#redis;
  }

  /** Undefined where the nodes use something else. */
  get sentinels(): RedisSentinels | undefined {
    return this.#sentinels;
  }

  /** Undefined where the nodes use something else. */
  get cluster(): RedisCluster | undefined {
    return this.#cluster;
  }

  /** The Redis that the nodes use. */
  get redisUrl(): string {
    return this.#sentinels?.url ?? this.#cluster?.url ?? this.redis.url;
  }

  async start(): Promise<void> {
    await Promise.all([this.#withReplica ? this.#startPair() : this.startPostgres(), this.startRedis()]);
    if (this.#kind === "sentinels") this.#sentinels = await startRedisSentinels(this.#root);
    if (this.#kind === "cluster") this.#cluster = await startRedisCluster(this.#root);
  }

  async #startPair(): Promise<void> {
    this.#pair = await startPostgresPair(this.#logDir);
  }

  /** Again at the old address, with the old data. */
  async startPostgres(): Promise<void> {
    this.#postgres = await startPostgres({
      dataDir: path.join(this.#folder, "postgres"),
      logFile: path.join(this.#logDir, "postgres.log"),
      port: this.#postgres?.port ?? 0,
      durable: true,
    });
  }

  /** Again at the old address, without any data. */
  async startRedis(): Promise<void> {
    this.#redis = await startRedis({
      dataDir: path.join(this.#folder, "redis"),
      binaryDir: path.join(this.#root, ".parley/redis-program"),
      logFile: path.join(this.#logDir, "redis.log"),
      port: this.#redis?.port ?? 0,
      durable: false,
    });
  }

  async killRedis(): Promise<void> {
    process.kill(this.redis.pid, "SIGKILL");
    await this.redis.ended;
  }

  haltRedis(): void {
    process.kill(this.redis.pid, "SIGSTOP");
  }

  resumeRedis(): void {
    process.kill(this.redis.pid, "SIGCONT");
  }

  /** As `pg_ctl stop -m immediate`: no checkpoint, and the next start recovers from the log. */
  async stopPostgresAtOnce(): Promise<void> {
    if (this.#postgres === undefined) throw new Error("There is no single Postgres to stop");
    process.kill(this.#postgres.pid, "SIGQUIT");
    await this.#postgres.ended;
  }

  async stop(): Promise<void> {
    await this.#sentinels?.stop();
    await this.#cluster?.stop();
    await this.#redis?.stop();
    await this.#postgres?.stop();
    await this.#pair?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
