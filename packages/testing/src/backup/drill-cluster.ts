import { execFile } from "node:child_process";
import { chmodSync, chownSync, cpSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import {
  type Cluster,
  createThrowAwayFolder,
  type LocalPostgres,
  startCluster,
  startPostgres,
} from "@parley/platform/local";
import { Client } from "pg";
import { testRedisUrl } from "../test-database.js";
import { TEST_GATEWAY_SECRET, TEST_JWT_SECRET } from "../test-token.js";
import { until } from "../until.js";

/** A cluster whose Postgres keeps its log, with the scripts of `infra/backup` and a place for what they make. */
export class DrillCluster {
  readonly cluster: Cluster;
  readonly databaseUrl: string;
  readonly folder: string;
  readonly #port: number;
  readonly #toolsPath: string;
  #postgres: LocalPostgres;

  static async start({ root, toolsPath }: { root: string; toolsPath: string }): Promise<DrillCluster> {
    const folder = createThrowAwayFolder();
    // The server runs as somebody else, who may not get to the repository.
    cpSync(path.join(root, "infra/backup"), path.join(folder, "scripts"), { recursive: true });
    const wal = path.join(folder, "wal");
    mkdirSync(wal);
    chmodSync(wal, 0o777);
    const dataDir = path.join(folder, "postgres");
    const postgres = await startPostgres({ dataDir });
    await ask(postgres.url, "ALTER SYSTEM SET archive_mode = on");
    const command = `${folder}/scripts/archive-wal.sh "%p" "%f" ${wal}`;
    await ask(postgres.url, `ALTER SYSTEM SET archive_command = '${command}'`);
    await postgres.stop();
    const again = await startPostgres({ dataDir, port: postgres.port });
    const cluster = await startOn(root, again.url);
    return new DrillCluster({ cluster, folder, toolsPath, postgres: again });
  }

  private constructor(parts: {
    cluster: Cluster;
    folder: string;
    toolsPath: string;
    postgres: LocalPostgres;
  }) {
    this.cluster = parts.cluster;
    this.folder = parts.folder;
    this.databaseUrl = parts.postgres.url;
    this.#port = parts.postgres.port;
    this.#toolsPath = parts.toolsPath;
    this.#postgres = parts.postgres;
  }

  get wal(): string {
    return path.join(this.folder, "wal");
  }

  /** The folder for a restore, as `startRestored` wants it. */
  get restoredData(): string {
    return path.join(this.folder, "restored/cluster");
  }

  /** Runs a script of `infra/backup` against the database, and returns what it prints. */
  async script(name: string, ...args: string[]): Promise<string> {
    const { username, password } = new URL(this.databaseUrl);
    const server = { PGHOST: "127.0.0.1", PGPORT: String(this.#port), PGDATABASE: "parley" };
    const env = { ...process.env, ...server, PGUSER: username, PGPASSWORD: password, PATH: this.#toolsPath };
    const { stdout } = await promisify(execFile)(path.join(this.folder, "scripts", name), args, { env });
    return stdout.trim();
  }

  query<Row extends object>(text: string, databaseUrl = this.databaseUrl): Promise<Row[]> {
    return ask<Row>(databaseUrl, text);
  }

  /** Waits until everything that was committed until now stands in the log that is kept. */
  async untilKept(): Promise<void> {
    const [row] = await this.query<{ name: string }>("SELECT pg_walfile_name(pg_switch_wal()) AS name");
    await until(() => readdirSync(this.wal).includes(row?.name ?? ""), "the log is kept");
  }

  /** As if the machine were gone: the server is killed and its data removed. */
  async lose(): Promise<void> {
    process.kill(this.#postgres.pid, "SIGQUIT");
    await this.#postgres.ended;
    rmSync(path.join(this.folder, "postgres/cluster"), { recursive: true });
  }

  /** Starts Postgres at its address on what was restored into the folder, and waits until it writes again. */
  async startRestored(): Promise<void> {
    const restored = path.dirname(this.restoredData);
    cpSync(path.join(this.folder, "postgres/password"), path.join(restored, "password"));
    giveTo(this.restoredData, ownerOf(this.wal));
    this.#postgres = await startPostgres({ dataDir: restored, port: this.#port });
    const isBusy = () => this.query<{ busy: boolean }>("SELECT pg_is_in_recovery() AS busy");
    await until(async () => (await isBusy())[0]?.busy === false, "the server writes again");
  }

  async stop(): Promise<void> {
    await this.cluster.stop({ hurry: AbortSignal.abort() });
    await this.#postgres.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function ask<Row extends object>(url: string, text: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

/** Whoever wrote the log is who the server runs as. */
function ownerOf(wal: string): { uid: number; gid: number } | undefined {
  const [name] = readdirSync(wal);
  return name === undefined ? undefined : statSync(path.join(wal, name));
}

function giveTo(folder: string, owner: { uid: number; gid: number } | undefined): void {
  if (owner === undefined) return;
  for (const name of ["", ...readdirSync(folder, { recursive: true, encoding: "utf8" })]) {
    chownSync(path.join(folder, name), owner.uid, owner.gid);
  }
}

function startOn(root: string, databaseUrl: string): Promise<Cluster> {
  const plenty = {
    MESSAGES_PER_MINUTE: "1000000",
    MESSAGES_BURST: "100000",
    REQUESTS_PER_MINUTE: "1000000",
    REQUESTS_BURST: "100000",
  };
  return startCluster({
    root,
    port: 0,
    nodes: 2,
    databaseUrl,
    redisUrl: testRedisUrl(),
    secrets: { jwtSecret: TEST_JWT_SECRET, gatewaySecret: TEST_GATEWAY_SECRET },
    // As systemd, Docker and Kubernetes do: a node that has ended is started again.
    supervise: true,
    env: { ...process.env, ...plenty, LOG_LEVEL: "info", REDIS_PREFIX: `drill-${process.pid}-${Date.now()}` },
  });
}
