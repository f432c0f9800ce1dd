import { randomUUID } from "node:crypto";
import { PrismaPg } from "@prisma/adapter-pg";
import {
  ColumnTypeEnum,
  DriverAdapterError,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from "@prisma/driver-adapter-utils";
import pg from "pg";
import { buildConcurrently, concurrentIndexOf } from "./concurrent-index.js";
import { isHeldUp, LOCK_WAIT_MS, runPatiently } from "./run-patiently.js";

export interface EngineTarget {
  databaseUrl: string;
  /** Postgres schema that holds the tables. */
  schema: string;
  /** For how long a script is tried again while somebody holds what it has to lock. Milliseconds. */
  lockPatienceMs?: number | undefined;
}

/** Why a script failed. */
export interface ScriptFailure {
  /** What Postgres said. */
  reason: string;
  /** Others held what it had to lock, all the time. */
  isHeld: boolean;
}

export interface MigrationAdapter {
  adapter: SqlMigrationAwareDriverAdapterFactory;
  /** Why the latest failing script failed. */
  lastScriptError: () => ScriptFailure | undefined;
  /** Closes every connection and drops the databases made for trying things. */
  close: () => Promise<void>;
}

const LOCK_PATIENCE_MS = 300_000;

/**
 * Prisma's Postgres adapter, corrected for migrations. The original cuts a script at every semicolon, even inside
 * functions and texts, and spreads the pieces over a pool; here a script is one request, which Postgres runs whole or not at all. It waits
 * little for locks, because the traffic waits behind it, and is tried again. Indexes that are built concurrently have a way of their own.
 */
export function openMigrationAdapter(target: EngineTarget): MigrationAdapter {
  const cleanUps: (() => Promise<unknown>)[] = [];
  const { lockPatienceMs: patienceMs = LOCK_PATIENCE_MS } = target;
  let scriptError: ScriptFailure | undefined;

  const connect = async (config: pg.PoolConfig): Promise<SqlDriverAdapter> => {
    const pool = new pg.Pool({ ...config, options: `${config.options} -c lock_timeout=${LOCK_WAIT_MS}` });
    pool.on("error", () => undefined);
    cleanUps.unshift(() => pool.end());
    const adapter = await new PrismaPg(pool, { schema: target.schema }).connect();
    readCatalogTypes(pool, adapter);
    adapter.executeScript = async (script) => {
      const index = concurrentIndexOf(script);
      const run = () => adapter.executeRaw({ sql: script, args: [], argTypes: [] });
      try {
        await (index ? buildConcurrently(config, { script, index }) : runPatiently(run, { patienceMs }));
      } catch (error) {
        scriptError = { reason: messageOf(error), isHeld: isHeldUp(error) };
        throw asAdapterError(error);
      }
    };
    return adapter;
  };

  const connectToShadowDb = async () => {
    const name = `parley_shadow_${randomUUID().replaceAll("-", "")}`;
    await onServer(target, `CREATE DATABASE ${name}`);
    cleanUps.unshift(() => onServer(target, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    return connect({ ...connectionConfig(target), connectionString: withDatabase(target.databaseUrl, name) });
  };

  return {
    adapter: {
      provider: "postgres",
      adapterName: "@prisma/adapter-pg",
      connect: () => connect(connectionConfig(target)),
      connectToShadowDb,
    },
    lastScriptError: () => scriptError,
    close: async () => {
      for (const cleanUp of cleanUps) await cleanUp();
    },
  };
}

/** Settings of every connection that migrates: unqualified names mean tables of the target's schema. */
export function connectionConfig({ databaseUrl, schema }: EngineTarget): pg.ClientConfig {
  return {
    connectionString: databaseUrl,
    options: `-c search_path=${schema}`,
    connectionTimeoutMillis: 5_000,
    application_name: "parley-migrate",
  };
}

/**
 * The adapter refuses Postgres's internal type "char", which the system catalog uses and the engine reads when it
 * compares schemas. So the rows arrive labelled as text, and these columns get the label the engine expects.
 */
function readCatalogTypes(pool: pg.Pool, adapter: SqlDriverAdapter): void {
  const internalChar = 18;
  const charColumns = new WeakMap<object, number[]>();
  const query = pool.query.bind(pool) as (config: unknown) => Promise<pg.QueryResult>;
  pool.query = (async (config: unknown) => {
    const result = await query(config);
    const found = (result.fields ?? []).filter((field) => field.dataTypeID === internalChar);
    charColumns.set(
      result.rows ?? result,
      found.map((field) => result.fields.indexOf(field)),
    );
    for (const field of found) field.dataTypeID = pg.types.builtins.TEXT;
    return result;
  }) as pg.Pool["query"];
  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.queryRaw = async (request) => {
    const result = await queryRaw(request);
    for (const column of charColumns.get(result.rows) ?? []) {
      result.columnTypes[column] = ColumnTypeEnum.Character;
    }
    return result;
  };
}

function withDatabase(databaseUrl: string, name: string): string {
  const url = new URL(databaseUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** The adapter's errors carry Postgres's own words in their cause. */
function messageOf(error: unknown): string {
  const { cause, message } = error as {
    cause?: { originalMessage?: string; message?: string };
    message?: string;
  };
  return cause?.originalMessage ?? cause?.message ?? message ?? String(error);
}

/** The schema engine understands no other errors; the rest it would take for a fault of its own. */
function asAdapterError(error: unknown): unknown {
  if (!(error instanceof pg.DatabaseError)) return error;
  const { code = "", severity = "", message, detail, column, hint } = error;
  return new DriverAdapterError({ kind: "postgres", code, severity, message, detail, column, hint });
}

async function onServer(target: EngineTarget, statement: string): Promise<void> {
  const client = new pg.Client(connectionConfig(target));
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
