import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Client } from "pg";
import { afterEach, beforeEach, expect, it } from "vitest";
import { migratedTemplate } from "./migrated-template.js";
import { until } from "./until.js";

const serverUrl = process.env.PARLEY_TEST_DATABASE_URL ?? "";
let prefix: string;
let folder: string;
let server: Client;
let clients: Client[];

beforeEach(async () => {
  prefix = `templates_${randomBytes(6).toString("hex")}_`;
  folder = mkdtempSync(path.join(tmpdir(), "migrations-"));
  clients = [];
  server = await connect();
});

afterEach(async () => {
  for (const name of await databases()) await server.query(`DROP DATABASE ${name} WITH (FORCE)`);
  for (const client of clients) await client.end();
  rmSync(folder, { recursive: true });
});

async function connect(): Promise<Client> {
  const client = new Client({ connectionString: serverUrl });
  await client.connect();
  clients.push(client);
  return client;
}

async function databases(): Promise<string[]> {
  const { rows } = await server.query<{ datname: string }>(
    "SELECT datname FROM pg_database WHERE starts_with(datname, $1) ORDER BY datname",
    [prefix],
  );
  return rows.map(({ datname }) => datname);
}

/** The template of migrations that make one table of this name. */
function templateOf(table: string, client = server): Promise<string> {
  const migrationsDir = path.join(folder, table);
  mkdirSync(path.join(migrationsDir, "0001_init"), { recursive: true });
  writeFileSync(path.join(migrationsDir, "0001_init", "migration.sql"), `CREATE TABLE ${table} (id INT);\n`);
  return migratedTemplate(client, { serverUrl, prefix, migrationsDir });
}

async function usedDaysAgo(name: string, days: number | null): Promise<void> {
  const { rows } = await server.query<{ day: string }>("SELECT (current_date - $1::int)::text AS day", [
    days ?? 0,
  ]);
  await server.query(`COMMENT ON DATABASE ${name} IS ${days === null ? "NULL" : `'${rows[0]?.day}'`}`);
}

it("is made once for all who ask, and another one of other migrations", async () => {
  const names = await Promise.all([1, 2, 3].map(async () => templateOf("one", await connect())));
  expect(new Set(names).size).toBe(1);
  expect(await databases()).toEqual([names[0]]);
  expect(await templateOf("two")).not.toBe(names[0]);
  expect(await databases()).toHaveLength(2);
});

it("is dropped when it was not used for a week and another one is made, and not before", async () => {
  const [unused, used, unknown] = [
    await templateOf("unused"),
    await templateOf("used"),
    await templateOf("u"),
  ];
  await usedDaysAgo(unused, 8);
  await usedDaysAgo(used, 7);
  await usedDaysAgo(unknown, null);
  await server.query(`CREATE DATABASE ${prefix}half_new`);
  await usedDaysAgo(`${prefix}half_new`, 8);
  expect(await templateOf("used")).toBe(used);
  expect(await databases()).toHaveLength(4);
  await usedDaysAgo(used, 7);
  const fresh = await templateOf("fresh");
  expect(await databases()).toEqual([used, unknown, fresh].sort());
  await usedDaysAgo(used, 8);
  await templateOf("newer");
  expect(await databases()).not.toContain(used);
  expect(await databases()).toContain(unknown);
});

it("is not dropped any more once somebody uses it", async () => {
  const old = await templateOf("old");
  await usedDaysAgo(old, 100);
  expect(await templateOf("old")).toBe(old);
  await templateOf("fresh");
  expect(await databases()).toContain(old);
});

it("is made anew by who wants to use it while it is dropped", async () => {
  const old = await templateOf("old");
  await usedDaysAgo(old, 100);
  // Whoever makes one holds this lock.
  const maker = await connect();
  await maker.query("SELECT pg_advisory_lock(7265539042)");
  const user = await connect();
  const using = templateOf("old", user);
  await until(async () => (await waiting()) > 0, "who wants to use it waits");
  await server.query(`DROP DATABASE ${old}`);
  await maker.query("SELECT pg_advisory_unlock(7265539042)");
  expect(await using).toBe(old);
  expect(await databases()).toEqual([old]);
});

async function waiting(): Promise<number> {
  const { rows } = await server.query(
    "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = (7265539042 % 4294967296)::oid",
  );
  return rows.length;
}

it("keeps who is connected to one that was never finished", async () => {
  const half = `${prefix}half_new`;
  await server.query(`CREATE DATABASE ${half}`);
  await usedDaysAgo(half, 8);
  const url = new URL(serverUrl);
  url.pathname = `/${half}`;
  const guest = new Client({ connectionString: url.href });
  await guest.connect();
  const fresh = await templateOf("fresh");
  expect((await guest.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  expect(await databases()).toEqual([fresh, half].sort());
  await guest.end();
});
