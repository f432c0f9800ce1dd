import { setTimeout as sleep } from "node:timers/promises";
import type { MigrationList, SchemaEngine } from "@prisma/schema-engine-wasm";
import pg from "pg";
import { concurrentIndexOf } from "./concurrent-index.js";
import { connectionConfig, type EngineTarget, type ScriptFailure } from "./migration-adapter.js";
import { MigrationFault } from "./migration-fault.js";
import { readMigrations } from "./read-migrations.js";
import { withSchemaEngine } from "./schema-engine.js";

export interface ApplyMigrationsInput {
  databaseUrl: string;
  /** Folder with one folder per migration. */
  migrationsDir: string;
  /** Postgres schema for the tables, made when missing; `public` when left out. */
  schema?: string | undefined;
  /** Gets one line per migration applied. */
  log?: (line: string) => void;
  /** For how long a migration is tried again while somebody holds what it has to lock; five minutes when left out. */
  lockPatienceMs?: number;
}

/** Any constant does, as long as nothing else in the database locks on it. */
const lockKey = 7_265_539_041;
/** An index of a large table takes minutes. */
const turnPatienceMs = 900_000;
const turnLookMs = 200;

/**
 * Brings a database to the newest schema and returns the names of the migrations it applied. Safe to run from several
 * processes at once: one works, the others wait for it. A migration that fails leaves nothing behind, and one that builds an index
 * concurrently is taken up again when an earlier run was cut off in it. Throws MigrationFault when the database can't be reached or a migration fails.
 */
export async function applyMigrations(input: ApplyMigrationsInput): Promise<string[]> {
  const { databaseUrl, schema = "public", lockPatienceMs } = input;
  const target: EngineTarget = { databaseUrl, schema, lockPatienceMs };
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(target.schema)) {
    throw new MigrationFault(
      `"${target.schema}" is no name for a schema: DATABASE_SCHEMA takes a-z, 0-9 and _.`,
    );
  }
  const migrationsList = await readMigrations(input.migrationsDir);
  const holder = await connect(target);
  try {
    await lock(holder);
    await holder.query(`CREATE SCHEMA IF NOT EXISTS ${target.schema}`);
    const applied = await withSchemaEngine(target, (engine, lastScriptError) =>
      applyAll(engine, { migrationsList, lastScriptError }),
    );
    for (const name of applied) input.log?.(`applied migration ${name}`);
    return applied;
  } finally {
    await holder.end().catch(() => undefined);
  }
}

async function applyAll(
  engine: SchemaEngine,
  work: { migrationsList: MigrationList; lastScriptError: () => ScriptFailure | undefined },
): Promise<string[]> {
  const { migrationsList, lastScriptError } = work;
  try {
    const filters = { externalTables: [], externalEnums: [] };
    const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList, filters });
    return appliedMigrationNames;
  } catch (error) {
    const cutOff = cutOffMigration(error as Error);
    if (cutOff !== undefined && canBeRepeated(migrationsList, cutOff)) {
      await engine.markMigrationRolledBack({ migrationName: cutOff });
      return applyAll(engine, work);
    }
    const { fault, failed } = explain(error as Error, lastScriptError());
    // Postgres has undone the script as a whole, so the history may say so; otherwise the corrected one would be refused.
    if (failed) await engine.markMigrationRolledBack({ migrationName: failed });
    throw fault;
  }
}

function canBeRepeated({ migrationDirectories }: MigrationList, name: string): boolean {
  const found = migrationDirectories.find((directory) => directory.path === name);
  const content = found?.migrationFile.content;
  return content?.tag === "ok" && concurrentIndexOf(content.value) !== undefined;
}

async function connect(target: EngineTarget): Promise<pg.Client> {
  const client = new pg.Client(connectionConfig(target));
  client.on("error", () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw new MigrationFault(
      `${connectionProblem(error, target.databaseUrl)}: start the database or correct DATABASE_URL.`,
    );
  }
}

/** Waits for this process's turn. It looks again and again: a statement that waited would keep an index from being finished. */
async function lock(client: pg.Client): Promise<void> {
  const deadline = performance.now() + turnPatienceMs;
  for (;;) {
    const { rows } = await client.query<{ got: boolean }>("SELECT pg_try_advisory_lock($1) AS got", [
      lockKey,
    ]);
    if (rows[0]?.got) return;
    if (performance.now() >= deadline) {
      throw new MigrationFault(
        `Another process has been migrating this database for more than ${turnPatienceMs / 60_000} minutes: wait for it or end it.`,
      );
    }
    await sleep(turnLookMs);
  }
}

function connectionProblem(error: unknown, databaseUrl: string): string {
  const { code, message } = error as { code?: string; message: string };
  const place = URL.canParse(databaseUrl) ? new URL(databaseUrl).host : "DATABASE_URL";
  if (code === "28P01" || code === "28000") return `The database at ${place} refuses this user or password`;
  if (code === "3D000") return `The database server at ${place} has no such database (${message})`;
  return `The database at ${place} can't be reached (${message || code})`;
}

function explain(
  error: Error & { code?: string },
  failure: ScriptFailure | undefined,
): { fault: MigrationFault; failed?: string } {
  const inScript = /apply_script\s+with migration_name="([^"]+)"/.exec(error.message)?.[1];
  if (inScript) {
    const reason = (failure?.reason ?? error.message.split("\n")[1] ?? "").trim();
    const said = failure?.isHeld
      ? `Migration ${inScript} did not get the lock that it needs (${reason}): find who holds it in pg_stat_activity, and start again.`
      : `Migration ${inScript} failed and was undone (${reason}): correct its SQL and start again.`;
    return { failed: inScript, fault: new MigrationFault(said) };
  }
  const cutOff = cutOffMigration(error);
  if (cutOff !== undefined) {
    return {
      fault: new MigrationFault(
        `An earlier run was cut off during migration ${cutOff}: look whether its changes are in the database, then run "prisma migrate resolve" with --applied or --rolled-back ${cutOff}.`,
      ),
    };
  }
  const [firstLine = ""] = error.message.split("\n").filter((line) => line.trim());
  return { fault: new MigrationFault(`The migrations could not be applied (${firstLine}).`) };
}

/** The migration that an earlier run has begun and not ended. */
function cutOffMigration(error: Error & { code?: string }): string | undefined {
  if (error.code !== "P3009") return undefined;
  return /The `([^`]+)` migration/.exec(error.message)?.[1] ?? "the last one";
}
