import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, type ServerProcess, startServerProcess } from "@parley/platform/local";
import { Client } from "pg";
import { unpackNewerDebian } from "./unpack-newer-debian.js";
import { until } from "./until.js";

export interface PgBouncer {
  /** The database through it. */
  url: string;
  /** Rows of one of its own tables, such as SHOW POOLS. */
  show<Row extends object>(what: string): Promise<Row[]>;
  stop(): Promise<void>;
}

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const KEPT = path.join(ROOT, ".parley/pgbouncer-program");
const PACKAGES = [
  "pgbouncer",
  "libc6",
  "libcares2",
  "libevent-2.1-7t64",
  "libldap2",
  "libssl3t64",
  "libsystemd0",
  "libpam0g",
  "libsasl2-2",
  "libaudit1",
  "libcap-ng0",
  "libcap2",
];

/**
 * Starts a real PgBouncer with the configuration of `infra/postgres` in front of a database, with few connections to it, so that processes have to share
 * them. Debian's own in its stable release before the last is too old to know prepared statements, so a newer one is fetched. Throws when there is none to be had.
 */
export async function startPgBouncer(databaseUrl: string, poolSize: number): Promise<PgBouncer> {
  const bin = await unpackNewerDebian({
    release: "trixie",
    packages: PACKAGES,
    path: "usr/sbin",
    folder: KEPT,
  });
  const port = await freePort();
  const folder = mkdtempSync(path.join(tmpdir(), "parley-pgbouncer-"));
  const { hostname, port: postgresPort, username, password, pathname } = new URL(databaseUrl);
  const name = pathname.slice(1);
  const ini = readFileSync(path.join(ROOT, "infra/postgres/pgbouncer.ini"), "utf8")
    .replace(/^parley = .*$/m, `${name} = host=${hostname} port=${postgresPort} dbname=${name}`)
    .replace("listen_addr = 0.0.0.0", "listen_addr = 127.0.0.1\nunix_socket_dir =\nstats_users = stats")
    .replace("listen_port = 6432", `listen_port = ${port}`)
    .replace("/etc/pgbouncer/userlist.txt", `${folder}/userlist.txt`)
    .replace(/default_pool_size = \d+/, `default_pool_size = ${poolSize}`);
  // It refuses to be root, and reads its files as nobody.
  const user = process.getuid?.() === 0 ? "user = nobody\n" : "";
  writeFileSync(path.join(folder, "pgbouncer.ini"), `${ini}${user}`);
  writeFileSync(path.join(folder, "userlist.txt"), `"${username}" "${password}"\n"stats" "stats"\n`);
  chmodSync(folder, 0o755);
  for (const file of ["pgbouncer.ini", "userlist.txt"]) chmodSync(path.join(folder, file), 0o644);
  const server = await startServerProcess({
    command: path.join(bin, "pgbouncer"),
    args: [path.join(folder, "pgbouncer.ini")],
    logFile: path.join(folder, "log"),
    stopSignal: "SIGTERM",
  });
  const url = databaseUrl.replace(`${hostname}:${postgresPort}`, `127.0.0.1:${port}`);
  const adminUrl = `postgresql://stats:stats@127.0.0.1:${port}/pgbouncer`;
  await untilAnswering(adminUrl, server);
  return {
    url,
    show: (what) => ask(adminUrl, `SHOW ${what}`),
    stop: async () => {
      await server.stop(5_000);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function untilAnswering(url: string, server: ServerProcess): Promise<void> {
  let ended = false;
  void server.ended.then(() => {
    ended = true;
  });
  const answers = () => ask(url, "SHOW VERSION").then(Boolean, () => false);
  await until(async () => ended || (await answers()), "PgBouncer answers");
  if (ended) throw new Error(`PgBouncer did not start: ${server.output()}`);
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
