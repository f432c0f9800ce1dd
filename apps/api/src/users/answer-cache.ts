import type { SourceAnswer } from "@parley/engine";
import { type Redis, readTexts } from "@parley/platform";

export type CertainAnswer = Exclude<SourceAnswer, { known: "unsure" }>;

export interface CachedAnswer {
  answer: CertainAnswer;
  /** Within the time for which an answer holds. */
  isFresh: boolean;
}

export interface AnswerCacheOptions {
  /** A connection of the role `cache`. */
  redis: Redis;
  prefix: string;
  /** Milliseconds since 1970. */
  clock: () => number;
  /** How long Redis may take for an answer. */
  patienceMs?: number | undefined;
}

const KNOWN_MS = 10 * 60_000;
/** Shorter: somebody may sign up at any moment, and is not to be refused for long. */
const UNKNOWN_MS = 60_000;
/** For how long a known person's answer is kept for when the main server is down. */
const STALE_MS = 24 * 60 * 60_000;
const PATIENCE_MS = 100;
/** How long Redis is left alone after it failed. */
const REST_MS = 1_000;

/** What the main server has said, shared by all nodes. Never rejects and never takes long: without Redis it is empty. */
export class AnswerCache {
  readonly #options: AnswerCacheOptions;
  #restUntil = 0;

  constructor(options: AnswerCacheOptions) {
    this.#options = options;
  }

  /** In the order of the accounts; undefined where nothing is known. */
  async read(accounts: readonly string[]): Promise<(CachedAnswer | undefined)[]> {
    const nothing = accounts.map(() => undefined);
    if (accounts.length === 0 || this.#isResting()) return nothing;
    try {
      const keys = accounts.map((account) => this.#key(account));
      const texts = await within(
        readTexts(this.#options.redis, keys),
        this.#options.patienceMs ?? PATIENCE_MS,
      );
      return texts.map((text) => this.#parse(text));
    } catch {
      this.#restUntil = performance.now() + REST_MS;
      return nothing;
    }
  }

  write(account: string, answer: CertainAnswer): void {
    if (this.#isResting()) return;
    const { redis, clock } = this.#options;
    const keptMs = answer.known === "yes" ? STALE_MS : UNKNOWN_MS;
    const text = JSON.stringify({ at: clock(), ...answer });
    // The connection itself tells in the log that Redis is away.
    redis.set(this.#key(account), text, "PX", keptMs).catch(() => undefined);
  }

  #isResting(): boolean {
    return this.#options.redis.status !== "ready" || performance.now() < this.#restUntil;
  }

  #key(account: string): string {
    return `${this.#options.prefix}:user:${account}`;
  }

  #parse(text: string | null): CachedAnswer | undefined {
    if (text === null) return undefined;
    const { at, ...answer } = JSON.parse(text) as { at: number } & CertainAnswer;
    const age = this.#options.clock() - at;
    if (answer.known === "no") return age < UNKNOWN_MS ? { answer, isFresh: true } : undefined;
    return { answer, isFresh: age < KNOWN_MS };
  }
}

/** After a stall of the event loop its timers come first: one look at the sockets more, and an answer that is there counts. */
function within<Value>(work: Promise<Value>, patienceMs: number): Promise<Value> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`Redis took more than ${patienceMs} ms.`));
    const timer = setTimeout(() => setImmediate(late), patienceMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
