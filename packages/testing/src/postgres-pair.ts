import { execFile } from "node:child_process";
import { chownSync, copyFileSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { createThrowAwayFolder, type LocalPostgres, startPostgres } from "@parley/platform/local";
import { Client } from "pg";
import { startTcpProxy, type TcpProxy } from "./chaos/tcp-proxy.js";
import { findPostgresTools } from "./find-postgres-tools.js";
import { until } from "./until.js";

/** A Postgres and a replica of it that each commit waits for, behind an address that can be moved from the one to the other. */
export interface PostgresPair {
  /** Connection URL of the database `parley`, at the address that moves. */
  url: string;
  port: number;
  /** Kills the primary with SIGKILL. */
  killPrimary(): Promise<void>;
  /** Moves the address to the replica, which goes on refusing to write. */
  moveAddress(): void;
  /** Makes the replica the primary; it is alone then, and waits for nobody. */
  promote(): Promise<void>;
  /** Copies the primary into a new replica, which commits wait for from then on. */
  addReplica(): Promise<void>;
  stop(): Promise<void>;
}

const REPLICA = "replica";

export async function startPostgresPair(logDir: string): Promise<PostgresPair> {
  const folder = createThrowAwayFolder();
  const toolsPath = await findPostgresTools();
  const logFile = path.join(logDir, "postgres.log");
  let copies = 0;
  let replica: LocalPostgres | undefined;
  let primary = await startPostgres({ dataDir: path.join(folder, "postgres-0"), logFile });
  const address: TcpProxy = await startTcpProxy(primary.port);

  const addReplica = async () => {
    const dataDir = path.join(folder, `postgres-${++copies}`);
    await copyServer(primary, { dataDir, toolsPath });
    const { username, password } = new URL(primary.url);
    const conninfo = `host=127.0.0.1 port=${primary.port} user=${username} password=${password} application_name=${REPLICA}`;
    const settings = { primary_conninfo: conninfo };
    replica = await startPostgres({
      dataDir,
      logFile: path.join(logDir, `postgres-${copies}.log`),
      settings,
    });
    await waitForReplica(primary);
  };
  const stop = async () => {
    await address.stop();
    await primary.stop();
    await replica?.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await addReplica();
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    url: onPort(primary.url, address.port),
    port: address.port,
    killPrimary: async () => {
      process.kill(primary.pid, "SIGKILL");
      await primary.ended;
    },
    moveAddress: () => address.lead(replicaOf(replica).port),
    promote: async () => {
      primary = replicaOf(replica);
      replica = undefined;
      await ask(primary.url, "SELECT pg_promote()");
    },
    addReplica,
    stop,
  };
}

/** From here on no commit is done before the replica has it. */
async function waitForReplica({ url }: LocalPostgres): Promise<void> {
  await ask(url, `ALTER SYSTEM SET synchronous_standby_names = '${REPLICA}'`);
  await ask(url, "SELECT pg_reload_conf()");
  const isWaitedFor = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'";
  await until(async () => (await ask(url, isWaitedFor)).length > 0, "commits wait for the replica");
}

function replicaOf(replica: LocalPostgres | undefined): LocalPostgres {
  if (replica === undefined) throw new Error("there is no replica");
  return replica;
}

async function copyServer(
  primary: LocalPostgres,
  { dataDir, toolsPath }: { dataDir: string; toolsPath: string },
): Promise<void> {
  const cluster = path.join(dataDir, "cluster");
  mkdirSync(dataDir, { recursive: true });
  const { username, password } = new URL(primary.url);
  const args = ["--pgdata", cluster, "--checkpoint", "fast", "--wal-method", "stream", "--no-password"];
  const env = { ...process.env, PATH: toolsPath, PGHOST: "127.0.0.1", PGPORT: String(primary.port) };
  await promisify(execFile)("pg_basebackup", args, {
    env: { ...env, PGUSER: username, PGPASSWORD: password },
  });
  copyFileSync(path.join(primary.dataDir, "password"), path.join(dataDir, "password"));
  writeFileSync(path.join(cluster, "standby.signal"), "");
  // The copy's own commits, once it is the primary, wait for nobody until it has a replica.
  writeFileSync(path.join(cluster, "postgresql.auto.conf"), "");
  const owner = statSync(path.join(primary.dataDir, "cluster"));
  for (const name of ["", ...readdirSync(cluster, { recursive: true, encoding: "utf8" })])
    chownSync(path.join(cluster, name), owner.uid, owner.gid);
}

async function ask(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

function onPort(url: string, port: number): string {
  const changed = new URL(url);
  changed.port = String(port);
  return changed.toString();
}
