import type { Batch } from "@parley/contracts";
import { v7 as uuidv7 } from "uuid";
import { RefusedLogins } from "./audit/refused-logins.js";
import { ChatFactsCache } from "./chats/chat-facts.js";
import { ChatTurns } from "./database/chat-turns.js";
import { closeDatabase, type Database, openDatabase } from "./database/database.js";
import { guardDatabase } from "./database/database-failure.js";
import type { Engine, EnginePorts } from "./engine.js";
import type { EngineLog } from "./engine-log.js";
import type { Enqueue } from "./enqueue.js";
import { publishChanges, publishPositions } from "./events/publish.js";
import type { FileStore } from "./files/file-store.js";
import { MessageNumbers } from "./messages/message-numbers.js";
import { MessageWriter } from "./messages/message-writer.js";
import { DueChats } from "./notifications/announce-due.js";
import type { EndpointPolicy } from "./notifications/endpoint-policy.js";
import { nobodyIsPresent, type PresenceReader } from "./notifications/presence-port.js";
import { STANDARD_TEMPLATES } from "./notifications/templates/standard-templates.js";
import type { Templates } from "./notifications/templates/templates.js";
import { nobodyVisits, type VisitorReader } from "./presence/visitor-reader.js";
import { ReceiptWriter } from "./receipts/receipt-writer.js";
import { SearchTurns } from "./search/search-turns.js";
import { type TracePort, untraced } from "./trace-port.js";
import { KnownUsers } from "./users/known-users.js";
import { type MuteReader, nobodyIsMuted } from "./users/mute-port.js";
import { People } from "./users/people.js";
import { readClaims } from "./users/read-claims.js";
import type { UserSource } from "./users/user-source.js";

export interface EngineOptions {
  databaseUrl: string;
  schema?: string;
  /** Connections of this process; the hot path needs few, because it batches. */
  poolSize?: number;
  /** Messages that may wait for the database before further ones are refused; and, apart from them, marks of positions. */
  queueLimit?: number;
  publish: (batch: Batch) => void;
  /** Left out: no job is asked for, and notifications go out when the sweeper finds them. */
  enqueue?: Enqueue;
  /** Left out: nobody is taken for present. */
  presence?: PresenceReader;
  /** Left out: nobody is taken to have an open chat open. */
  visitors?: VisitorReader;
  /** Left out: names and avatars are what tokens and gateways say. */
  userSource?: UserSource | undefined;
  /** Left out: nobody is muted. */
  mutedUntil?: MuteReader;
  /** The words of notifications, where they are not the standard ones. */
  templates?: Templates;
  /** Where browsers may have their pushes sent to; left out: the known push services. */
  endpointPolicy?: EndpointPolicy;
  /** Where files are kept; left out: there are none. */
  files?: FileStore | undefined;
  /** Where new segments of the archive go: `files` is where files are kept. Left out: Postgres. Each is read from where it is. */
  archiveStore?: "postgres" | "files";
  log: EngineLog;
  /** Left out: nothing is traced. */
  trace?: TracePort | undefined;
  clock?: () => Date;
  ids?: () => string;
}

const KNOWN_PUSH_SERVICES: EndpointPolicy = { mode: "known", allowedHosts: [], production: true };

/** Opens the chat engine on a migrated database. Close it with `closeEngine`. */
export function openEngine(options: EngineOptions): Engine {
  const { log, trace = untraced } = options;
  const database = openOwnDatabase(options);
  const enqueue = options.enqueue ?? (() => undefined);
  const dueChats = new DueChats({ enqueue, trace });
  const ports: EnginePorts = {
    publish: (batch) => {
      options.publish(batch);
      dueChats.note(batch.changes);
    },
    enqueue,
    presence: options.presence ?? nobodyIsPresent,
    visitors: options.visitors ?? nobodyVisits,
    userSource: options.userSource,
    mutedUntil: options.mutedUntil ?? nobodyIsMuted,
    log,
    trace,
    clock: options.clock ?? (() => new Date()),
    ids: options.ids ?? uuidv7,
  };
  const writers = openWriters({ database, ports, queueLimit: options.queueLimit ?? 5_000 });
  const templates = options.templates ?? STANDARD_TEMPLATES;
  const endpointPolicy = options.endpointPolicy ?? KNOWN_PUSH_SERVICES;
  const state = {
    refusedLogins: new RefusedLogins({ database, log }),
    knownUsers: new KnownUsers(),
    people: openPeople(database, ports),
    chatFacts: new ChatFactsCache(database),
    messageNumbers: new MessageNumbers(database),
    turns: new ChatTurns(),
    searches: new SearchTurns(),
    dueChats,
    templates,
    faults: { unrenderableNotifications: 0, loggedUnrenderable: new Set<string>() },
    endpointPolicy,
    files: options.files,
  };
  return { ...ports, database, ...writers, ...state };
}

function openPeople(database: Database, { userSource, log, clock }: EnginePorts): People {
  return new People({
    readClaims: (userIds) => readClaims(database, userIds),
    source: userSource,
    log,
    clock,
  });
}

function openOwnDatabase({
  log,
  files,
  archiveStore,
  trace = untraced,
  ...options
}: EngineOptions): Database {
  return openDatabase({
    databaseUrl: options.databaseUrl,
    schema: options.schema ?? "public",
    poolSize: options.poolSize ?? 10,
    segmentFiles: { storage: files?.storage, isUsed: archiveStore === "files" },
    onIdleError: (error) => log.warn({ err: error }, "a database connection broke; it will be replaced"),
    trace,
  });
}

/** What waits in this process to be committed together. */
function openWriters(parts: { database: Database; ports: EnginePorts; queueLimit: number }) {
  const { database, ports, queueLimit } = parts;
  const shared = { database, log: ports.log, trace: ports.trace, queueLimit };
  return {
    writer: new MessageWriter({ ...shared, onCommitted: (changes) => publishChanges(ports, changes) }),
    receipts: new ReceiptWriter({ ...shared, onCommitted: (news) => publishPositions(ports, news) }),
  };
}

/** Stores or refuses what was accepted, then closes the connections. */
export async function closeEngine(engine: Engine): Promise<void> {
  await Promise.all([engine.writer.drain(), engine.receipts.drain(), engine.refusedLogins.flush()]);
  engine.dueChats.close();
  await closeDatabase(engine.database);
}

/** Resolves when the database answers and may be written to. Throws database_unavailable, or says that it can only be read. */
export async function pingDatabase(engine: Engine): Promise<void> {
  const { rows } = await guardDatabase(() => engine.database.writerPool.query<ReadOnly>(READ_ONLY));
  if (rows[0]?.transaction_read_only === "off") return;
  throw new Error("Postgres can only be read: it is a replica, or was told to write nothing");
}

const READ_ONLY = "SHOW transaction_read_only";

interface ReadOnly {
  transaction_read_only: "on" | "off";
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
