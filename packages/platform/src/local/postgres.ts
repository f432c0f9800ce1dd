import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { freePort, isPortFree } from "./free-port.js";
import { LocalFault } from "./local-fault.js";
import { tellingLine } from "./log-line.js";
import { type Account, findAccount, findPostgresBinaries, reachableFolder } from "./postgres-binaries.js";
import { commandOf, endLeftover } from "./running-process.js";
import { type ServerProcess, startServerProcess } from "./server-process.js";

export interface PostgresOptions {
  /** Folder that keeps the data; made when missing, and used again when it holds data. */
  dataDir: string;
  /** TCP port on 127.0.0.1; 0 takes a free one. */
  port?: number;
  /** File for the server's log; `server.log` in the data folder when left out. */
  logFile?: string;
  /** Set false only for data that may be lost with the machine: it turns fsync off. */
  durable?: boolean;
  /** Further settings of the server, such as a library that a measurement needs. */
  settings?: Record<string, string> | undefined;
}

export interface LocalPostgres {
  /** Connection URL of the database `parley`, as superuser. */
  url: string;
  /** Connection URL of the database `postgres`, for creating further databases. */
  adminUrl: string;
  port: number;
  pid: number;
  /** Where the data really is: elsewhere than asked when the server's user can't reach that folder. */
  dataDir: string;
  /** Resolves when the server has ended, wanted or not. */
  ended: Promise<number | string>;
  /** Ends all connections and shuts down in order. */
  stop(): Promise<void>;
}

/** Starts the built-in Postgres and waits until it answers; as root it runs under an unprivileged user. */
export async function startPostgres(options: PostgresOptions): Promise<LocalPostgres> {
  const account = findAccount();
  const binaries = findPostgresBinaries(account);
  const dataDir = reachableFolder(options.dataDir, account);
  const cluster = path.join(dataDir, "cluster");
  await clearLeftover(cluster);
  const password = readOrCreatePassword(dataDir);
  if (!existsSync(cluster)) initialise(cluster, { binaries, account, password });

  const port = options.port || (await freePort());
  if (!(await isPortFree(port)))
    throw new LocalFault(
      `Port ${port} is taken, so Postgres can't listen on it: free it or set DATABASE_URL.`,
    );
  const server = await startServerProcess({
    command: path.join(binaries, "bin/postgres"),
    args: ["-D", cluster, "-p", String(port), ...settings(options)],
    logFile: options.logFile ?? path.join(dataDir, "server.log"),
    env: serverEnv(),
    ...account,
    stopSignal: "SIGINT",
  });
  const urlOf = (database: string) => `postgresql://postgres:${password}@127.0.0.1:${port}/${database}`;
  try {
    await untilAnswering(urlOf("postgres"), server);
    await createDatabase(urlOf("postgres"), "parley");
  } catch (error) {
    await server.stop(5_000);
    throw error;
  }
  const { pid, ended } = server;
  return {
    url: urlOf("parley"),
    adminUrl: urlOf("postgres"),
    port,
    pid,
    dataDir,
    ended,
    stop: () => server.stop(),
  };
}

/** A launcher that was killed can leave the server running, or its pid file with a number that now belongs to another process. */
async function clearLeftover(cluster: string): Promise<void> {
  const pidFile = path.join(cluster, "postmaster.pid");
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, "utf8").split("\n")[0]);
  const stopped = await endLeftover(pid, cluster, "SIGINT");
  if (!stopped && commandOf(pid) !== "") rmSync(pidFile, { force: true });
}

function readOrCreatePassword(dataDir: string): string {
  const file = path.join(dataDir, "password");
  if (existsSync(file)) return readFileSync(file, "utf8").trim();
  const password = randomBytes(18).toString("base64url");
  writeFileSync(file, password, { mode: 0o600 });
  return password;
}

/** Works in a folder of another name and renames it at the end, so that an interrupted run leaves no half-made data. */
function initialise(
  cluster: string,
  context: { binaries: string; account: Account; password: string },
): void {
  const { uid, gid } = context.account;
  const partial = `${cluster}.new`;
  const passwordFile = `${cluster}.password`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { mode: 0o700 });
  writeFileSync(passwordFile, context.password, { mode: 0o600 });
  if (uid !== undefined && gid !== undefined)
    for (const owned of [partial, passwordFile]) chownSync(owned, uid, gid);
  const flags = [
    "--locale=C.UTF-8",
    "--encoding=UTF8",
    "--username=postgres",
    "--auth=scram-sha-256",
    "--no-instructions",
  ];
  const result = spawnSync(
    path.join(context.binaries, "bin/initdb"),
    ["-D", partial, `--pwfile=${passwordFile}`, ...flags],
    {
      cwd: "/",
      env: serverEnv(),
      encoding: "utf8",
      ...(uid === undefined || gid === undefined ? {} : { uid, gid }),
    },
  );
  rmSync(passwordFile, { force: true });
  if (result.status !== 0) {
    const reason = result.error?.message ?? tellingLine(result.stderr);
    throw new LocalFault(
      `Postgres could not create its data folder (${reason}): correct that or set DATABASE_URL.`,
    );
  }
  renameSync(partial, cluster);
}

function settings({ durable = true, settings: further }: PostgresOptions): string[] {
  const values = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: "200",
    shared_buffers: "128MB",
    timezone: "UTC",
    log_timezone: "UTC",
    fsync: durable ? "on" : "off",
    full_page_writes: durable ? "on" : "off",
    synchronous_commit: "on",
    ...further,
  };
  return Object.entries(values).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

function serverEnv(): NodeJS.ProcessEnv {
  const { PGDATA: _data, PGPORT: _port, PGHOST: _host, PGUSER: _user, ...env } = process.env;
  return { ...env, LC_ALL: "C.UTF-8", TZ: "UTC" };
}

async function untilAnswering(url: string, server: ServerProcess): Promise<void> {
  let ended = false;
  void server.ended.then(() => {
    ended = true;
  });
  const deadline = Date.now() + 60_000;
  for (;;) {
    if (ended)
      throw new LocalFault(
        `Postgres did not start (${tellingLine(server.output())}): correct that or set DATABASE_URL.`,
      );
    try {
      return await withClient(url, async () => undefined);
    } catch (error) {
      if ((error as { code?: string }).code === "28P01")
        throw new LocalFault(
          "Postgres refuses its own password: remove the folder .parley to begin with new data.",
        );
      if (Date.now() > deadline)
        throw new LocalFault(`Postgres did not answer within 60 seconds (${(error as Error).message}).`);
    }
    await sleep(50);
  }
}

async function createDatabase(url: string, name: string): Promise<void> {
  await withClient(url, async (client) => {
    const found = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [name]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  });
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
