import { type Audience, type Change, type Message, ParleyError } from "@parley/contracts";
import type { Database } from "../database/database.js";
import { isDataFault, isLockTimeout, translateDatabaseFailure } from "../database/database-failure.js";
import type { EngineLog } from "../engine-log.js";
import type { TracePlace, TracePort } from "../trace-port.js";
import { type Appended, appendMessages, type Outcome, type Pending } from "./append-messages.js";

export interface MessageWriterOptions {
  database: Database;
  /** Called once per commit with its new messages, in each chat's order, before any sender is told. */
  onCommitted: (changes: Change[]) => void;
  log: EngineLog;
  trace: TracePort;
  /** Messages that may wait in this process; more are refused as `overloaded`. */
  queueLimit: number;
}

/** What happened to one message. */
export type Written = { kind: "created"; message: Message } | { kind: "duplicate"; originalId: string };

interface Waiting {
  pending: Pending;
  /** The same send again, arrived while this one waited: it shares the outcome. */
  twins: Twin[];
  resolve: (written: Written) => void;
  reject: (error: unknown) => void;
  since: number;
  place: TracePlace | undefined;
}

type Twin = Pick<Waiting, "resolve" | "reject">;

const BATCH_LIMIT = 256;
// Two commits in flight: while one waits for its fsync, the other runs its statements. A chat always has the same lane,
// which keeps a sender's messages in their order.
const LANES = 2;
const OVERLOADED_RETRY_MS = 1_000;
/** How long a message waits for a chat that somebody else holds. */
const HELD_CHAT_MS = 5_000;

/**
 * Group commit. Sends that arrive while a commit is under way wait, and go to the database together as one transaction
 * when it is done: one fsync serves many messages, and an idle server still commits a single message at once.
 *
 * A batch that fails for one message's data is cut in two until the bad one stands alone. A batch that meets a chat which somebody
 * holds for long is taken apart by chats, so that the others go on.
 */
export class MessageWriter {
  readonly #options: MessageWriterOptions;
  readonly #lanes: Waiting[][] = Array.from({ length: LANES }, () => []);
  readonly #busy: boolean[] = new Array(LANES).fill(false);
  /** Chats that are written apart from the lanes for now, with what waits for them. */
  readonly #held = new Map<string, Waiting[]>();
  readonly #byClientId = new Map<string, Waiting>();
  readonly #idle: Array<() => void> = [];
  #open = 0;

  constructor(options: MessageWriterOptions) {
    this.#options = options;
  }

  /** Messages that were accepted and are neither stored nor refused yet. */
  get depth(): number {
    return this.#open;
  }

  /** Stores one message; resolves after the commit. Throws the refusal, or `overloaded` / `database_unavailable`. */
  write(pending: Pending): Promise<Written> {
    return new Promise((resolve, reject) => {
      const key = clientKey(pending);
      const leader = key === undefined ? undefined : this.#byClientId.get(key);
      if (leader !== undefined) {
        leader.twins.push({ resolve, reject });
        return;
      }
      if (this.#open >= this.#options.queueLimit) {
        reject(new ParleyError("overloaded", { retryAfterMs: OVERLOADED_RETRY_MS }));
        return;
      }
      const place = this.#options.trace.here();
      const waiting: Waiting = { pending, twins: [], resolve, reject, since: performance.now(), place };
      if (key !== undefined) this.#byClientId.set(key, waiting);
      this.#open++;
      this.#enqueue(waiting);
    });
  }

  /** Resolves when everything that was accepted is stored or refused. */
  async drain(): Promise<void> {
    while (this.#open > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #enqueue(waiting: Waiting): void {
    const { chatId } = waiting.pending;
    const lane = laneOf(chatId);
    // Behind a commit that is under way there may be earlier messages of the chat: they are sorted out together when it ends.
    if (!this.#busy[lane] && this.#joinHeld(waiting)) return;
    this.#lanes[lane]?.push(waiting);
    this.#pump(lane);
  }

  /** True when the chat is written apart: the message queues up there. */
  #joinHeld(waiting: Waiting): boolean {
    const held = this.#held.get(waiting.pending.chatId);
    held?.push(waiting);
    return held !== undefined;
  }

  #pump(lane: number): void {
    const queue = this.#lanes[lane];
    if (this.#busy[lane] || queue === undefined || queue.length === 0) return;
    this.#busy[lane] = true;
    // A tick later, so that everything read from the sockets in this turn of the loop joins the batch.
    setImmediate(() => {
      void this.#commit(queue.splice(0, BATCH_LIMIT)).finally(() => {
        const free = queue.splice(0).filter((waiting) => !this.#joinHeld(waiting));
        queue.push(...free);
        this.#busy[lane] = false;
        this.#pump(lane);
      });
    });
  }

  async #commit(waiting: Waiting[]): Promise<void> {
    const batch = waiting.filter((one) => !this.#joinHeld(one));
    if (batch.length === 0) return;
    try {
      await this.#store(batch);
    } catch (error) {
      if (batch.length > 1 && isDataFault(error)) return this.#commitHalves(batch);
      if (isLockTimeout(error)) return this.#takeApart(batch);
      for (const one of batch) this.#fail(one, translateDatabaseFailure(error));
    }
  }

  async #store(batch: Waiting[]): Promise<void> {
    const pendings = batch.map((waiting) => waiting.pending);
    const { database, trace } = this.#options;
    const callers = batch.flatMap(({ place }) => place ?? []);
    await trace.runShared({ name: "messages.commit", kind: "client" }, callers, async () =>
      this.#settle(batch, await appendMessages(database.writerPool, pendings)),
    );
  }

  async #commitHalves(batch: Waiting[]): Promise<void> {
    const middle = batch.length >> 1;
    await this.#commit(batch.slice(0, middle));
    await this.#commit(batch.slice(middle));
  }

  /** Each chat of the batch goes on by itself, and what comes for it meanwhile queues behind. The lane is free. */
  #takeApart(batch: Waiting[]): void {
    for (const waiting of batch) {
      if (this.#joinHeld(waiting)) continue;
      const { chatId } = waiting.pending;
      this.#held.set(chatId, [waiting]);
      setImmediate(() => void this.#writeHeld(chatId));
    }
  }

  async #writeHeld(chatId: string): Promise<void> {
    const queue = this.#held.get(chatId) ?? [];
    while (queue.length > 0) await this.#storeHeld(queue.splice(0, BATCH_LIMIT));
    this.#held.delete(chatId);
  }

  /** Tries until the chat is let go; keeps the order of the batch, whatever has to be cut out of it. */
  async #storeHeld(batch: Waiting[]): Promise<void> {
    let left = batch;
    while (left.length > 0) {
      try {
        return await this.#store(left);
      } catch (error) {
        if (isLockTimeout(error)) {
          left = left.filter((waiting) => !this.#gaveUp(waiting, error));
        } else if (left.length > 1 && isDataFault(error)) {
          const middle = left.length >> 1;
          await this.#storeHeld(left.slice(0, middle));
          left = left.slice(middle);
        } else {
          for (const waiting of left) this.#fail(waiting, translateDatabaseFailure(error));
          return;
        }
      }
    }
  }

  #gaveUp(waiting: Waiting, error: unknown): boolean {
    if (performance.now() - waiting.since < HELD_CHAT_MS) return false;
    this.#fail(waiting, translateDatabaseFailure(error));
    return true;
  }

  #settle(batch: Waiting[], appended: Appended): void {
    const changes: Change[] = [];
    const results: Array<Written | ParleyError> = batch.map((waiting, index) => {
      const outcome = appended.outcomes[index];
      if (outcome === undefined) return new ParleyError("internal");
      if (outcome.kind === "refused") return new ParleyError(outcome.code);
      if (outcome.kind === "duplicate") return outcome;
      const message = storedMessage(waiting.pending, outcome);
      const audience: Audience = appended.audiences.get(message.chatId) ?? null;
      changes.push({
        chatId: message.chatId,
        rev: message.rev,
        seq: message.seq,
        audience,
        body: { name: "message.created", message },
      });
      return { kind: "created", message };
    });
    if (changes.length > 0) this.#tell(changes);
    results.forEach((result, index) => {
      const waiting = batch[index];
      if (waiting === undefined) return;
      if (result instanceof ParleyError) this.#fail(waiting, result);
      else this.#succeed(waiting, result);
    });
  }

  /** What listens may fail; what is stored stays stored, and its senders are told so. */
  #tell(changes: Change[]): void {
    try {
      this.#options.onCommitted(changes);
    } catch (error) {
      this.#options.log.error({ err: error }, "could not publish what was stored");
    }
  }

  #succeed(waiting: Waiting, written: Written): void {
    this.#close(waiting);
    for (const { resolve } of [waiting, ...waiting.twins]) resolve(written);
  }

  #fail(waiting: Waiting, error: unknown): void {
    this.#close(waiting);
    for (const { reject } of [waiting, ...waiting.twins]) reject(error);
  }

  #close(waiting: Waiting): void {
    const key = clientKey(waiting.pending);
    if (key !== undefined) this.#byClientId.delete(key);
    this.#open--;
    if (this.#open === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/** Names a send with its content: other content under the same client id is another send, and the database will refuse it. */
function clientKey({ chatId, senderId, draft, digest }: Pending): string | undefined {
  return draft.clientId === undefined
    ? undefined
    : JSON.stringify([chatId, senderId, draft.clientId, digest]);
}

function laneOf(chatId: string): number {
  // The last digits of a UUIDv7 are random.
  return Number.parseInt(chatId.slice(-4), 16) % LANES;
}

function storedMessage(pending: Pending, outcome: Extract<Outcome, { kind: "created" }>): Message {
  const { draft } = pending;
  return {
    id: pending.id,
    number: outcome.number,
    chatId: pending.chatId,
    seq: outcome.seq,
    rev: outcome.rev,
    senderId: pending.senderId,
    senderRole: pending.senderRole,
    content: draft.content,
    type: draft.type,
    attachmentUrl: draft.attachmentUrl ?? null,
    attachmentType: draft.attachmentType ?? null,
    metadata: draft.metadata ?? null,
    replyTo: draft.replyTo ?? null,
    reactions: [],
    clientId: draft.clientId ?? null,
    createdAt: outcome.at.toISOString(),
    editedAt: null,
    deletedAt: null,
    readAt: null,
  };
}
