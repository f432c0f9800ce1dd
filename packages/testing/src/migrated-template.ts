import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { applyMigrations } from "@parley/engine";
import type { Client } from "pg";

const SOURCE = {
  prefix: "parley_template_",
  migrationsDir: fileURLToPath(new URL("../../../prisma/migrations", import.meta.url)),
};
/** Any constant does, as long as nothing else on the server locks on it. */
const LOCK_KEY = 7_265_539_042;
const KEPT_DAYS = 7;

/** A server of tests, and what its templates are made of and begin with. */
export interface TemplateSource {
  serverUrl: string;
  prefix?: string;
  migrationsDir?: string;
}

type Source = Required<TemplateSource>;

interface Template {
  name: string;
  /** As it says itself; null: it was made before templates did. */
  usedOn: string | null;
  today: string;
  isStale: boolean | null;
}

/**
 * Names the database from which test databases are copied, made by the first who asks: a copy takes a sixth of the time of the
 * migrations. Its name tells what it was made of, so a change of any migration makes another one. Those that nobody has used for a week are
 * dropped then.
 */
export async function migratedTemplate(server: Client, given: TemplateSource): Promise<string> {
  const source = { ...SOURCE, ...given };
  const name = `${source.prefix}${fingerprint(source.migrationsDir)}`;
  if (await isFresh(server, name)) return name;
  await server.query("SELECT pg_advisory_lock($1)", [LOCK_KEY]);
  try {
    if ((await findTemplates(server, name)).length === 0) {
      await make(server, { name, source });
      await dropStale(server, { name, source });
    }
    await noteUse(server, name);
  } finally {
    await server.query("SELECT pg_advisory_unlock($1)", [LOCK_KEY]);
  }
  return name;
}

/** Works in a database of another name, so that an interrupted run leaves no half-made template. */
async function make(server: Client, { name, source }: { name: string; source: Source }): Promise<void> {
  const partial = `${name}_new`;
  await server.query(`DROP DATABASE IF EXISTS ${partial} WITH (FORCE)`);
  await server.query(`CREATE DATABASE ${partial}`);
  const url = new URL(source.serverUrl);
  url.pathname = `/${partial}`;
  const { migrationsDir } = source;
  await applyMigrations({ databaseUrl: url.href, migrationsDir, log: () => undefined });
  // Whoever is connected to it keeps it from being copied.
  await server.query(`ALTER DATABASE ${partial} ALLOW_CONNECTIONS false`);
  await server.query(`ALTER DATABASE ${partial} RENAME TO ${name}`);
}

/** Waits for who is copying one, and disconnects nobody. One that does not say when it was used may be in use: its week begins. */
async function dropStale(server: Client, { name, source }: { name: string; source: Source }): Promise<void> {
  for (const other of await findTemplates(server, `${source.prefix}%`)) {
    if (other.name === name) continue;
    if (other.usedOn === null) await noteUse(server, other.name);
    // Somebody may be connected to one that was never finished.
    else if (other.isStale) await server.query(`DROP DATABASE ${other.name}`).catch(() => undefined);
  }
}

/** Whether it is there and has said today that it is used: then nobody drops it, and nothing has to be noted. */
async function isFresh(server: Client, name: string): Promise<boolean> {
  const [template] = await findTemplates(server, name);
  return template !== undefined && template.usedOn === template.today;
}

/** Under the lock: who notes it once a day keeps it from being dropped, and nobody copies what is about to be. */
async function noteUse(server: Client, name: string): Promise<void> {
  const [template] = await findTemplates(server, name);
  if (template) await server.query(`COMMENT ON DATABASE ${name} IS '${template.today}'`);
}

async function findTemplates(server: Client, pattern: string): Promise<Template[]> {
  const { rows } = await server.query<Template>(
    `SELECT name, used_on AS "usedOn", today::text, used_on::date < today - ${KEPT_DAYS} AS "isStale"
     FROM (SELECT datname AS name, shobj_description(oid, 'pg_database') AS used_on, current_date AS today FROM pg_database
       WHERE datname LIKE replace($1, '_', '\\_')) found`,
    [pattern],
  );
  return rows;
}

function fingerprint(migrationsDir: string): string {
  const hash = createHash("sha256");
  const entries = readdirSync(migrationsDir, { withFileTypes: true });
  for (const folder of entries.filter((one) => one.isDirectory())) {
    const sql = readFileSync(path.join(migrationsDir, folder.name, "migration.sql"));
    hash.update(`${folder.name}\0${sql.length}\0`).update(sql);
  }
  return hash.digest("hex").slice(0, 16);
}
