import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { applyMigrations } from "@parley/engine";
import type { Client } from "pg";

const MIGRATIONS = fileURLToPath(new URL("../../../prisma/migrations", import.meta.url));
/** Any constant does, as long as nothing else on the server locks on it. */
const LOCK_KEY = 7_265_539_042;

/**
 * Names the database from which test databases are copied, made by the first who asks: a copy takes a sixth of the time of the
 * migrations. Its name tells what it was made of, so a change of any migration makes another one.
 */
export async function migratedTemplate(serverUrl: string, server: Client): Promise<string> {
  const name = `parley_template_${fingerprint()}`;
  if (await exists(server, name)) return name;
  await server.query("SELECT pg_advisory_lock($1)", [LOCK_KEY]);
  try {
    if (!(await exists(server, name))) await make(name, { serverUrl, server });
  } finally {
    await server.query("SELECT pg_advisory_unlock($1)", [LOCK_KEY]);
  }
  return name;
}

/** Works in a database of another name, so that an interrupted run leaves no half-made template. */
async function make(name: string, { serverUrl, server }: { serverUrl: string; server: Client }) {
  const partial = `${name}_new`;
  await server.query(`DROP DATABASE IF EXISTS ${partial} WITH (FORCE)`);
  await server.query(`CREATE DATABASE ${partial}`);
  const url = new URL(serverUrl);
  url.pathname = `/${partial}`;
  await applyMigrations({ databaseUrl: url.href, migrationsDir: MIGRATIONS, log: () => undefined });
  // Whoever is connected to it keeps it from being copied.
  await server.query(`ALTER DATABASE ${partial} ALLOW_CONNECTIONS false`);
  await server.query(`ALTER DATABASE ${partial} RENAME TO ${name}`);
}

async function exists(server: Client, name: string): Promise<boolean> {
  const found = await server.query("SELECT 1 FROM pg_database WHERE datname = $1", [name]);
  return found.rowCount === 1;
}

function fingerprint(): string {
  const hash = createHash("sha256");
  for (const folder of readdirSync(MIGRATIONS, { withFileTypes: true }).filter((one) => one.isDirectory())) {
    const sql = readFileSync(path.join(MIGRATIONS, folder.name, "migration.sql"));
    hash.update(`${folder.name}\0${sql.length}\0`).update(sql);
  }
  return hash.digest("hex").slice(0, 16);
}
