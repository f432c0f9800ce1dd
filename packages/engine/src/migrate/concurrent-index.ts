import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

/** A script that does nothing but build one index while the table stays in use. */
export interface ConcurrentIndex {
  name: string;
}

const LOOK_MS = 200;
const BUILDS = /^CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+"?([a-z_][a-z0-9_]*)"?\s+ON\s[^;]*;?$/i;

/** The index that a script builds concurrently; undefined when it is another kind of script. */
export function concurrentIndexOf(script: string): ConcurrentIndex | undefined {
  const statement = script.replaceAll(/--.*$|\/\*[\s\S]*?\*\//gm, "").trim();
  const name = BUILDS.exec(statement)?.[1];
  return name === undefined ? undefined : { name };
}

/**
 * Runs such a script on a connection of its own, outside a transaction. It can be run again whatever became of an earlier run: what that
 * left half built is dropped first, and a whole index is taken as it is. Throws what Postgres said; then there is no index.
 */
export async function buildConcurrently(
  config: pg.ClientConfig,
  { script, index }: { script: string; index: ConcurrentIndex },
): Promise<void> {
  const client = new pg.Client(config);
  client.on("error", () => undefined);
  await client.connect();
  try {
    // It waits for whoever uses the table, and nobody waits for it. The server's own limit is meant for other statements.
    await client.query("SET lock_timeout = 0; SET statement_timeout = 0");
    await dropHalfBuilt(client, index);
    if ((await stateOf(client, index)) === "whole") return;
    try {
      await client.query(script);
    } catch (error) {
      // Half an index costs every write, and a unique one even refuses some.
      await dropHalfBuilt(client, index).catch(() => undefined);
      throw error;
    }
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function dropHalfBuilt(client: pg.Client, index: ConcurrentIndex): Promise<void> {
  if ((await stateOf(client, index)) !== "half built") return;
  while (await isBeingBuilt(client, index)) await sleep(LOOK_MS);
  if ((await stateOf(client, index)) !== "half built") return;
  await client.query(`DROP INDEX CONCURRENTLY IF EXISTS "${index.name}"`);
}

/**
 * Whether the server is at it, maybe for a process that was killed. It is looked at again and again: a statement that waited for the build
 * would be waited for by it.
 */
async function isBeingBuilt(client: pg.Client, { name }: ConcurrentIndex): Promise<boolean> {
  const { rows } = await client.query(
    `SELECT FROM pg_stat_progress_create_index b JOIN pg_class c ON c.oid = b.index_relid
      WHERE b.datname = current_database() AND c.relname = $1 AND c.relnamespace = current_schema()::regnamespace`,
    [name],
  );
  return rows.length > 0;
}

async function stateOf(
  client: pg.Client,
  { name }: ConcurrentIndex,
): Promise<"none" | "half built" | "whole"> {
  const { rows } = await client.query<{ isValid: boolean }>(
    `SELECT i.indisvalid AS "isValid" FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
      WHERE c.relname = $1 AND c.relnamespace = current_schema()::regnamespace`,
    [name],
  );
  const [found] = rows;
  if (found === undefined) return "none";
  return found.isValid ? "whole" : "half built";
}
