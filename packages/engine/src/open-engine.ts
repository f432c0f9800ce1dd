import type { Batch } from "@parley/contracts";
import { v7 as uuidv7 } from "uuid";
import { ChatTurns } from "./database/chat-turns.js";
import { closeDatabase, openDatabase } from "./database/database.js";
import { guardDatabase } from "./database/database-failure.js";
import type { Engine, EnginePorts } from "./engine.js";
import type { EngineLog } from "./engine-log.js";
import { publishChanges, publishPositions } from "./events/publish.js";
import { MessageWriter } from "./messages/message-writer.js";
import { ReceiptWriter } from "./receipts/receipt-writer.js";
import { KnownUsers } from "./users/known-users.js";

export interface EngineOptions {
  databaseUrl: string;
  schema?: string;
  /** Connections of this process; the hot path needs few, because it batches. */
  poolSize?: number;
  /** Messages that may wait for the database before further ones are refused; and, apart from them, marks of positions. */
  queueLimit?: number;
  publish: (batch: Batch) => void;
  log: EngineLog;
  clock?: () => Date;
  ids?: () => string;
}

/** Opens the chat engine on a migrated database. Close it with `closeEngine`. */
export function openEngine(options: EngineOptions): Engine {
  const { log } = options;
  const database = openDatabase({
    databaseUrl: options.databaseUrl,
    schema: options.schema ?? "public",
    poolSize: options.poolSize ?? 10,
    onIdleError: (error) => log.warn({ err: error }, "a database connection broke; it will be replaced"),
  });
  const ports: EnginePorts = {
    publish: options.publish,
    log,
    clock: options.clock ?? (() => new Date()),
    ids: options.ids ?? uuidv7,
  };
  const queueLimit = options.queueLimit ?? 5_000;
  const writer = new MessageWriter({
    database,
    log,
    queueLimit,
    onCommitted: (changes) => publishChanges(ports, changes),
  });
  const receipts = new ReceiptWriter({
    database,
    log,
    queueLimit,
    onCommitted: (news) => publishPositions(ports, news),
  });
  return { ...ports, database, writer, receipts, knownUsers: new KnownUsers(), turns: new ChatTurns() };
}

/** Stores or refuses what was accepted, then closes the connections. */
export async function closeEngine(engine: Engine): Promise<void> {
  await Promise.all([engine.writer.drain(), engine.receipts.drain()]);
  await closeDatabase(engine.database);
}

/** Resolves when the database answers. Throws database_unavailable. */
export async function pingDatabase(engine: Engine): Promise<void> {
  await guardDatabase(() => engine.database.writerPool.query("SELECT 1"));
}

export interface PoolStats {
  total: number;
  idle: number;
  /** Callers that wait for a connection. */
  waiting: number;
  /** Statements sent so far. */
  statements: number;
}

export function poolStats(engine: Engine): PoolStats {
  const { totalCount, idleCount, waitingCount } = engine.database.pool;
  const { statements } = engine.database.counts;
  return { total: totalCount, idle: idleCount, waiting: waitingCount, statements };
}
