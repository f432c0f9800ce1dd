import pg from "pg";
import { connectionConfig, type EngineTarget } from "./migration-adapter.js";
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
}

/** Any constant does, as long as nothing else in the database locks on it. */
const lockKey = 7_265_539_041;
const lockPatienceMs = 120_000;

/**
 * Brings a database to the newest schema and returns the names of the migrations it applied. Safe to run from several
 * processes at once: one works, the others wait for it. A migration that fails leaves nothing behind.
 * Throws MigrationFault when the database can't be reached or a migration fails.
 */
export async function applyMigrations(input: ApplyMigrationsInput): Promise<string[]> {
  const target = { databaseUrl: input.databaseUrl, schema: input.schema ?? "public" };
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
    const applied = await withSchemaEngine(target, async (engine, lastScriptError) => {
      try {
        const { appliedMigrationNames } = await engine.applyMigrations({
          migrationsList,
          filters: { externalTables: [], externalEnums: [] },
        });
        return appliedMigrationNames;
      } catch (error) {
        const { fault, failed } = explain(error as Error, lastScriptError());
        // Postgres has undone the script as a whole, so the history may say so; otherwise the corrected one would be refused.
        if (failed) await engine.markMigrationRolledBack({ migrationName: failed });
        throw fault;
      }
    });
    for (const name of applied) input.log?.(`applied migration ${name}`);
    return applied;
  } finally {
    await holder.end().catch(() => undefined);
  }
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

async function lock(client: pg.Client): Promise<void> {
  try {
    await client.query(`SET lock_timeout = ${lockPatienceMs}`);
    await client.query("SELECT pg_advisory_lock($1)", [lockKey]);
  } catch (error) {
    if ((error as { code?: string }).code !== "55P03") throw error;
    throw new MigrationFault(
      `Another process has been migrating this database for more than ${lockPatienceMs / 1000} seconds: wait for it or end it.`,
    );
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
  scriptError: string | undefined,
): { fault: MigrationFault; failed?: string } {
  const inScript = /apply_script\s+with migration_name="([^"]+)"/.exec(error.message)?.[1];
  if (inScript) {
    const reason = (scriptError ?? error.message.split("\n")[1] ?? "").trim();
    return {
      failed: inScript,
      fault: new MigrationFault(
        `Migration ${inScript} failed and was undone (${reason}): correct its SQL and start again.`,
      ),
    };
  }
  if (error.code === "P3009") {
    const name = /The `([^`]+)` migration/.exec(error.message)?.[1] ?? "the last one";
    return {
      fault: new MigrationFault(
        `An earlier run was cut off during migration ${name}: look whether its changes are in the database, then run "prisma migrate resolve" with --applied or --rolled-back ${name}.`,
      ),
    };
  }
  const [firstLine = ""] = error.message.split("\n").filter((line) => line.trim());
  return { fault: new MigrationFault(`The migrations could not be applied (${firstLine}).`) };
}
