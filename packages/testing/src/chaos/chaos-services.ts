import { rmSync } from "node:fs";
import path from "node:path";
import {
  createThrowAwayFolder,
  type LocalPostgres,
  type LocalRedis,
  startPostgres,
  startRedis,
} from "@parley/platform/local";
import { type RedisSentinels, startRedisSentinels } from "../redis-sentinels.js";

/** The Postgres and Redis of one scenario, which can be killed, halted and started again at their addresses. */
export class ChaosServices {
  readonly #root: string;
  readonly #logDir: string;
  readonly #folder = createThrowAwayFolder();
  #postgres: LocalPostgres | undefined;
  #redis: LocalRedis | undefined;
  readonly #withSentinels: boolean;
  #sentinels: RedisSentinels | undefined;

  /** @param options.withSentinels The nodes get a Redis with replicas, whose master sentinels name, besides the single one. */
  constructor({
    root,
    logDir,
    withSentinels = false,
  }: { root: string; logDir: string; withSentinels?: boolean }) {
    this.#root = root;
    this.#logDir = logDir;
    this.#withSentinels = withSentinels;
  }

  get postgres(): LocalPostgres {
    if (this.#postgres === undefined) throw new Error("Postgres has not been started");
    return this.#postgres;
  }

  get redis(): LocalRedis {
    if (this.#redis === undefined) throw new Error("Redis has not been started");
    return this.#redis;
  }

  /** Undefined where the nodes use the single one. */
  get sentinels(): RedisSentinels | undefined {
    return this.#sentinels;
  }

  async start(): Promise<void> {
    await Promise.all([this.startPostgres(), this.startRedis()]);
    if (this.#withSentinels) this.#sentinels = await startRedisSentinels(this.#root);
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
    process.kill(this.postgres.pid, "SIGQUIT");
    await this.postgres.ended;
  }

  async stop(): Promise<void> {
    await this.#sentinels?.stop();
    await this.#redis?.stop();
    await this.#postgres?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
