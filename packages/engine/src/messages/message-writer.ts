import { type Audience, type Change, type Message, ParleyError } from "@parley/contracts";
import type { Database } from "../database/database.js";
import { isDataFault, translateDatabaseFailure } from "../database/database-failure.js";
import { type Appended, appendMessages, type Outcome, type Pending } from "./append-messages.js";

export interface MessageWriterOptions {
  database: Database;
  /** Called once per commit with its new messages, in each chat's order, before any sender is told. */
  onCommitted: (changes: Change[]) => void;
  /** Messages that may wait in this process; more are refused as `overloaded`. */
  queueLimit: number;
}

/** What happened to one message. */
export type Written = { kind: "created"; message: Message } | { kind: "duplicate"; originalId: string };

interface Waiting {
  pending: Pending;
  /** Sends of the same client id that arrived while this one waited: they share its outcome. */
  twins: Twin[];
  resolve: (written: Written) => void;
  reject: (error: unknown) => void;
}

interface Twin {
  digest: string | null;
  resolve: (written: Written) => void;
  reject: (error: unknown) => void;
}

const BATCH_LIMIT = 256;
// Two commits in flight: while one waits for its fsync, the other runs its statements. A chat always has the same lane,
// which keeps a sender's messages in their order.
const LANES = 2;
const OVERLOADED_RETRY_MS = 1_000;

/**
 * Group commit. Sends that arrive while a commit is under way wait, and go to the database together as one transaction
 * when it is done: one fsync serves many messages, and an idle server still commits a single message at once.
 */
export class MessageWriter {
  readonly #options: MessageWriterOptions;
  readonly #lanes: Waiting[][] = Array.from({ length: LANES }, () => []);
  readonly #busy: boolean[] = new Array(LANES).fill(false);
  readonly #byClientId = new Map<string, Waiting>();
  #waiting = 0;
  #running = 0;
  #idle: (() => void) | undefined;

  constructor(options: MessageWriterOptions) {
    this.#options = options;
  }

  /** Messages that wait for their turn. */
  get depth(): number {
    return this.#waiting;
  }

  /** Stores one message; resolves after the commit. Throws the refusal, or `overloaded` / `database_unavailable`. */
  write(pending: Pending): Promise<Written> {
    return new Promise((resolve, reject) => {
      const key = clientKey(pending);
      const leader = key === undefined ? undefined : this.#byClientId.get(key);
      if (leader !== undefined) {
        leader.twins.push({ digest: pending.digest, resolve, reject });
        return;
      }
      if (this.#waiting >= this.#options.queueLimit) {
        reject(new ParleyError("overloaded", { retryAfterMs: OVERLOADED_RETRY_MS }));
        return;
      }
      const waiting: Waiting = { pending, twins: [], resolve, reject };
      if (key !== undefined) this.#byClientId.set(key, waiting);
      this.#waiting++;
      const lane = laneOf(pending.chatId);
      this.#lanes[lane]?.push(waiting);
      this.#pump(lane);
    });
  }

  /** Resolves when everything that was accepted is stored or refused. */
  async drain(): Promise<void> {
    while (this.#waiting > 0 || this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
  }

  #pump(lane: number): void {
    const queue = this.#lanes[lane];
    if (this.#busy[lane] || queue === undefined || queue.length === 0) return;
    this.#busy[lane] = true;
    // A tick later, so that everything read from the sockets in this turn of the loop joins the batch.
    setImmediate(() => {
      const batch = queue.splice(0, BATCH_LIMIT);
      this.#waiting -= batch.length;
      this.#running += batch.length;
      void this.#commit(batch).finally(() => {
        this.#running -= batch.length;
        this.#busy[lane] = false;
        this.#pump(lane);
        if (this.#waiting === 0 && this.#running === 0) this.#idle?.();
      });
    });
  }

  async #commit(batch: Waiting[]): Promise<void> {
    try {
      const appended = await appendMessages(
        this.#options.database.pool,
        batch.map((waiting) => waiting.pending),
      );
      this.#settle(batch, appended);
    } catch (error) {
      if (batch.length > 1 && isDataFault(error)) return this.#commitHalves(batch);
      for (const waiting of batch) this.#fail(waiting, translateDatabaseFailure(error));
    }
  }

  /** One message spoilt the batch: cut it in two until the bad one stands alone. Order is kept. */
  async #commitHalves(batch: Waiting[]): Promise<void> {
    const middle = batch.length >> 1;
    await this.#commit(batch.slice(0, middle));
    await this.#commit(batch.slice(middle));
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
    if (changes.length > 0) this.#options.onCommitted(changes);
    results.forEach((result, index) => {
      const waiting = batch[index];
      if (waiting === undefined) return;
      if (result instanceof ParleyError) this.#fail(waiting, result);
      else this.#succeed(waiting, result);
    });
  }

  #succeed(waiting: Waiting, written: Written): void {
    this.#forget(waiting);
    waiting.resolve(written);
    for (const twin of waiting.twins) {
      if (twin.digest === waiting.pending.digest) twin.resolve(written);
      else twin.reject(new ParleyError("client_id_reused"));
    }
  }

  #fail(waiting: Waiting, error: unknown): void {
    this.#forget(waiting);
    waiting.reject(error);
    for (const twin of waiting.twins) twin.reject(error);
  }

  #forget(waiting: Waiting): void {
    const key = clientKey(waiting.pending);
    if (key !== undefined) this.#byClientId.delete(key);
  }
}

function clientKey(pending: Pending): string | undefined {
  const { clientId } = pending.draft;
  return clientId === undefined
    ? undefined
    : `${pending.chatId} ${JSON.stringify([pending.senderId, clientId])}`;
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
