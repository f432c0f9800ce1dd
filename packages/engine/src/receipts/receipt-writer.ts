import { ParleyError } from "@parley/contracts";
import type { Database } from "../database/database.js";
import { isDataFault, isLockTimeout, translateDatabaseFailure } from "../database/database-failure.js";
import type { EngineLog } from "../engine-log.js";
import type { TracePlace, TracePort } from "../trace-port.js";
import {
  type MovedPositions,
  movePositions,
  type PositionOutcome,
  type PositionRequest,
} from "./move-positions.js";
import { memberKey, type PositionNews, positionNews } from "./position-news.js";

export interface ReceiptWriterOptions {
  database: Database;
  /** Called once per commit with what it moved, before anybody who asked for it is told. */
  onCommitted: (news: PositionNews) => void;
  log: EngineLog;
  trace: TracePort;
  /** Requests that may wait in this process; more are refused as `overloaded`. */
  queueLimit: number;
}

/** What came of a request. */
export type Settled = Exclude<PositionOutcome, { kind: "held" }>;

interface Waiting {
  request: PositionRequest;
  resolve: (settled: Settled) => void;
  reject: (error: unknown) => void;
  since: number;
  place: TracePlace | undefined;
}

const BATCH_LIMIT = 256;
/** Messages that the requests of one batch may name, together. */
const NAMED_LIMIT = 4_000;
const OVERLOADED_RETRY_MS = 1_000;
/** How long delivered marks wait for company. */
const DELIVERED_DELAY_MS = 200;
/** How long a request waits for a chat that somebody else holds, and how often it looks. */
const HELD_CHAT_MS = 5_000;
const HELD_RETRY_MS = 50;

/**
 * Group commit for read and delivered positions: what waits while a commit is under way goes to the database as one statement, in which
 * the requests of one member in one chat are one move. Positions only move forward, so that their order does not matter; that
 * makes this simpler than the `MessageWriter`: one lane, on the ordinary connections, and chats that somebody holds are looked at
 * again together from time to time.
 */
export class ReceiptWriter {
  readonly #options: ReceiptWriterOptions;
  readonly #queue: Waiting[] = [];
  /** Delivered marks that wait for company, by member. */
  readonly #resting = new Map<string, Waiting[]>();
  /** What waits for held chats; and the chats that were found held when last looked at. */
  readonly #held: Waiting[] = [];
  readonly #heldChats = new Set<string>();
  readonly #idle: Array<() => void> = [];
  #restTimer: NodeJS.Timeout | undefined;
  #heldTimer: NodeJS.Timeout | undefined;
  #busy = false;
  #open = 0;

  constructor(options: ReceiptWriterOptions) {
    this.#options = options;
  }

  /** Moves one position; resolves after the commit. Throws `overloaded` or `database_unavailable`. */
  move(request: PositionRequest): Promise<Settled> {
    return new Promise((resolve, reject) => {
      if (this.#open >= this.#options.queueLimit) {
        reject(new ParleyError("overloaded", { retryAfterMs: OVERLOADED_RETRY_MS }));
        return;
      }
      this.#open++;
      const place = this.#options.trace.here();
      const waiting: Waiting = { request, resolve, reject, since: performance.now(), place };
      if (request.kind === "delivered") this.#rest(waiting);
      else this.#enqueue(waiting);
    });
  }

  /** Resolves when everything that was accepted is stored or refused. */
  async drain(): Promise<void> {
    while (this.#open > 0) {
      const idle = new Promise<void>((resolve) => this.#idle.push(resolve));
      this.#wake();
      await idle;
    }
  }

  #rest(waiting: Waiting): void {
    const key = memberKey(waiting.request);
    const company = this.#resting.get(key);
    if (company === undefined) this.#resting.set(key, [waiting]);
    else company.push(waiting);
    this.#restTimer ??= setTimeout(() => this.#wake(), DELIVERED_DELAY_MS);
  }

  #wake(): void {
    clearTimeout(this.#restTimer);
    this.#restTimer = undefined;
    const rested = [...this.#resting.values()].flat();
    this.#resting.clear();
    for (const waiting of rested) this.#enqueue(waiting);
  }

  #enqueue(waiting: Waiting): void {
    if (this.#heldChats.has(waiting.request.chatId)) {
      this.#hold(waiting);
      return;
    }
    this.#queue.push(waiting);
    this.#pump();
  }

  #pump(): void {
    if (this.#busy || this.#queue.length === 0) return;
    this.#busy = true;
    // A tick later, so that everything read from the sockets in this turn of the loop joins the batch.
    setImmediate(() => {
      void this.#commit(this.#takeBatch(), { skipHeld: false }).finally(() => {
        this.#busy = false;
        this.#pump();
      });
    });
  }

  /** The next requests, and with each read position the delivered marks of the same member: they share its commit. */
  #takeBatch(): Waiting[] {
    const batch: Waiting[] = [];
    let named = 0;
    while (batch.length < BATCH_LIMIT) {
      const [next] = this.#queue;
      if (next === undefined) break;
      const { upTo } = next.request;
      named += "messageIds" in upTo ? upTo.messageIds.length : 0;
      if (named > NAMED_LIMIT && batch.length > 0) break;
      batch.push(...this.#queue.splice(0, 1));
      const company = this.#resting.get(memberKey(next.request));
      batch.push(...(company?.splice(0, BATCH_LIMIT - batch.length) ?? []));
    }
    return batch;
  }

  async #commit(batch: Waiting[], { skipHeld }: { skipHeld: boolean }): Promise<void> {
    if (batch.length === 0) return;
    try {
      const requests = batch.map((waiting) => waiting.request);
      const { database, trace } = this.#options;
      const callers = batch.flatMap(({ place }) => place ?? []);
      await trace.runShared({ name: "positions.commit", kind: "client" }, callers, async () =>
        this.#settle(batch, await movePositions(database.pool, { requests, skipHeld })),
      );
    } catch (error) {
      if (isLockTimeout(error) && !skipHeld) return this.#commit(batch, { skipHeld: true });
      const isOnesFault = isDataFault(error) || isLockTimeout(error);
      if (isOnesFault && batch.length > 1) return this.#commitHalves(batch, { skipHeld });
      for (const one of batch) this.#fail(one, translateDatabaseFailure(error));
    }
  }

  async #commitHalves(batch: Waiting[], how: { skipHeld: boolean }): Promise<void> {
    const middle = batch.length >> 1;
    await this.#commit(batch.slice(0, middle), how);
    await this.#commit(batch.slice(middle), how);
  }

  #settle(batch: Waiting[], moved: MovedPositions): void {
    this.#tell(
      positionNews(
        batch.map(({ request }) => request),
        moved,
      ),
    );
    batch.forEach((waiting, index) => {
      const outcome = moved.outcomes[index];
      const { chatId } = waiting.request;
      if (outcome?.kind === "held") {
        this.#heldChats.add(chatId);
        this.#hold(waiting);
        return;
      }
      this.#heldChats.delete(chatId);
      if (outcome === undefined) this.#fail(waiting, new ParleyError("internal"));
      else this.#succeed(waiting, outcome);
    });
  }

  #hold(waiting: Waiting): void {
    if (performance.now() - waiting.since >= HELD_CHAT_MS) {
      this.#fail(waiting, new ParleyError("database_unavailable", { retryAfterMs: OVERLOADED_RETRY_MS }));
      return;
    }
    this.#held.push(waiting);
    this.#heldTimer ??= setTimeout(() => void this.#tryHeld(), HELD_RETRY_MS);
  }

  async #tryHeld(): Promise<void> {
    await this.#commit(this.#held.splice(0, BATCH_LIMIT), { skipHeld: true });
    this.#heldTimer = undefined;
    if (this.#held.length > 0) this.#heldTimer = setTimeout(() => void this.#tryHeld(), HELD_RETRY_MS);
  }

  /** What listens may fail; what is stored stays stored, and those who asked are told so. */
  #tell(news: PositionNews): void {
    if (news.changes.length === 0 && news.privateReads.length === 0) return;
    try {
      this.#options.onCommitted(news);
    } catch (error) {
      this.#options.log.error({ err: error }, "could not publish what was stored");
    }
  }

  #succeed(waiting: Waiting, settled: Settled): void {
    this.#close();
    waiting.resolve(settled);
  }

  #fail(waiting: Waiting, error: unknown): void {
    this.#close();
    waiting.reject(error);
  }

  #close(): void {
    this.#open--;
    if (this.#open === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}
