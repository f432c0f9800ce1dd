import { randomUUID } from "node:crypto";
import { PrismaPg } from "@prisma/adapter-pg";
import {
  ColumnTypeEnum,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from "@prisma/driver-adapter-utils";
import pg from "pg";

export interface EngineTarget {
  databaseUrl: string;
  /** Postgres schema that holds the tables. */
  schema: string;
}

export interface MigrationAdapter {
  adapter: SqlMigrationAwareDriverAdapterFactory;
  /** What Postgres said when the latest failing script failed. */
  lastScriptError: () => string | undefined;
  /** Closes every connection and drops the databases made for trying things. */
  close: () => Promise<void>;
}

/**
 * Prisma's Postgres adapter, corrected for migrations. The original cuts a script at every semicolon, even inside
 * functions and texts, and spreads the pieces over a pool; here a script is one request, which Postgres runs whole or not at all.
 */
export function openMigrationAdapter(target: EngineTarget): MigrationAdapter {
  const cleanUps: (() => Promise<unknown>)[] = [];
  let scriptError: string | undefined;

  const connect = async (config: pg.PoolConfig): Promise<SqlDriverAdapter> => {
    const pool = new pg.Pool(config);
    pool.on("error", () => undefined);
    cleanUps.unshift(() => pool.end());
    const adapter = await new PrismaPg(pool, { schema: target.schema }).connect();
    readCatalogTypes(pool, adapter);
    adapter.executeScript = async (script) => {
      try {
        await adapter.executeRaw({ sql: script, args: [], argTypes: [] });
      } catch (error) {
        scriptError = messageOf(error);
        throw error;
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

async function onServer(target: EngineTarget, statement: string): Promise<void> {
  const client = new pg.Client(connectionConfig(target));
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
