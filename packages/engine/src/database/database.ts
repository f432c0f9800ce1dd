import { PrismaPg } from "@prisma/adapter-pg";
import { Pool, type PoolClient, types } from "pg";
import type { SegmentFiles } from "../archive/segment-files.js";
import { PrismaClient } from "../generated/prisma/client.js";
import type { TracePort } from "../trace-port.js";
import { traceStatements } from "./trace-statements.js";

/** The one way to Postgres: a pool for the hot statements, and Prisma on the same pool for everything else. */
export interface Database {
  pool: Pool;
  /** The group commit's own few connections: slower work must not stand between a message and its commit. */
  writerPool: Pool;
  prisma: PrismaClient;
  /** Statements that were sent to Postgres, those of transactions and Prisma's included. */
  counts: StatementCounts;
  segmentFiles: SegmentFiles;
}

interface StatementCounts {
  statements: number;
}

export interface DatabaseOptions {
  databaseUrl: string;
  schema: string;
  poolSize: number;
  /** Told about connections that broke while idle; the pool replaces them by itself. */
  onIdleError: (error: Error) => void;
  trace: TracePort;
  segmentFiles: SegmentFiles;
}

// Waiting for ever is the default of the pool and of Postgres; a chat would rather be told, and try again.
const CONNECT_TIMEOUT_MS = 3_000;
const STATEMENT_TIMEOUT_MS = 5_000;
const ANSWER_TIMEOUT_MS = 8_000;
const KEEP_ALIVE_MS = 10_000;
const IDLE_TRANSACTION_TIMEOUT_MS = 10_000;

// Every statement of a request has its index. A plan that was made while a table held a few rows, and is kept, would read the table instead, and
// join it whole. Where there is no other way, a table is read as ever; the cost that Postgres then believes in must not bring a compiler in.
const INDEXES_ONLY = { enable_seqscan: "off", enable_hashjoin: "off", enable_mergejoin: "off", jit: "off" };

/** What each connection is to have, besides its schema. What stands between the processes and Postgres may drop it: see `missingSettings`. */
export const SESSION_SETTINGS: Readonly<Record<string, string>> = {
  timezone: "UTC",
  ...INDEXES_ONLY,
  statement_timeout: String(STATEMENT_TIMEOUT_MS),
  idle_in_transaction_session_timeout: String(IDLE_TRANSACTION_TIMEOUT_MS),
};

// Numbers of messages and chats stay far below 2^53; as numbers they can be compared and sent as JSON.
const INT8_OID = 20;

/** One for each lane of the group commit, and two for chats that are written apart. */
const WRITER_CONNECTIONS = 4;

/** Opens the pool (connections are made when first needed). Close with `closeDatabase`. */
export function openDatabase(options: DatabaseOptions): Database {
  const counts = { statements: 0 };
  const pool = openPool(options, options.poolSize);
  const writerPool = openPool(options, WRITER_CONNECTIONS);
  for (const one of [pool, writerPool]) one.on("connect", (client) => countStatements(client, counts));
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool, { schema: options.schema }) });
  return { pool, writerPool, prisma, counts, segmentFiles: options.segmentFiles };
}

function openPool(options: DatabaseOptions, size: number): Pool {
  const pool = new Pool({
    connectionString: options.databaseUrl,
    max: size,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    // Ends a connection that doesn't answer at all, where the server's own timeout can't be heard of.
    query_timeout: ANSWER_TIMEOUT_MS,
    application_name: "parley",
    options: Object.entries({ search_path: quoteSchema(options.schema), ...SESSION_SETTINGS })
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(" "),
    types: { getTypeParser: parserFor },
  });
  pool.on("error", options.onIdleError);
  traceStatements(pool, options.trace);
  return pool;
}

/** The driver has no event for it. What a node asks while nothing happens is a promise that a test can hold it to. */
function countStatements(client: PoolClient, counts: StatementCounts): void {
  const query = client.query.bind(client) as (...args: unknown[]) => unknown;
  const counted = (...args: unknown[]) => {
    counts.statements++;
    return query(...args);
  };
  client.query = counted as typeof client.query;
}

/** Waits for running statements and closes every connection. */
export async function closeDatabase(database: Database): Promise<void> {
  await database.prisma.$disconnect();
  for (const pool of [database.pool, database.writerPool]) if (!pool.ended) await pool.end();
}

function parserFor(oid: number, format?: "text" | "binary"): (value: string) => unknown {
  return oid === INT8_OID ? Number : types.getTypeParser(oid, format);
}

function quoteSchema(schema: string): string {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    throw new Error(`DATABASE_SCHEMA must be a plain lower-case name, not ${JSON.stringify(schema)}`);
  }
  return schema;
}
