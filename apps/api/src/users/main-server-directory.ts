import type { SourceAnswer, UserSource } from "@parley/engine";
import type { Log, Metrics, Redis } from "@parley/platform";
import { AnswerCache, type CertainAnswer } from "./answer-cache.js";
import { AnswerMemory } from "./answer-memory.js";
import { CircuitBreaker } from "./circuit-breaker.js";
import { createDirectoryMetrics, type DirectoryMetrics } from "./directory-metrics.js";
import { MainServerFailure, requestPerson } from "./main-server-request.js";
import { RequestSlots } from "./request-slots.js";

export interface MainServerOptions {
  /** USER_DIRECTORY_URL and USER_DIRECTORY_TOKEN. */
  url: string;
  token: string;
  /** A connection of the role `cache`. */
  redis: Redis;
  /** First part of the keys in Redis. */
  prefix: string;
  metrics: Metrics;
  log: Log;
  clock?: () => number;
  /** For one question. */
  timeoutMs?: number;
  /** For Redis, before the main server is asked instead. */
  redisPatienceMs?: number;
}

const TIMEOUT_MS = 2_000;
const SLOTS = { running: 32, waiting: 1_000 };
const UNSURE: SourceAnswer = { known: "unsure" };
const LOGGED_EVERY_MS = 60_000;

interface Asking {
  /** Somebody waits to send a message. */
  isUrgent: boolean;
  /** An answer whose time is over, for when there is no other. */
  stale: CertainAnswer | undefined;
}

/**
 * Asks the main server, which owns the users, who people are. Answers hold for 10 minutes for all nodes, those about unknown accounts for
 * one; older ones serve while the main server is down. Of this node at most one question per account is under way, and none while the
 * main server is known to be in trouble.
 */
export class MainServerDirectory implements UserSource {
  readonly #address;
  readonly #log: Log;
  readonly #clock: () => number;
  readonly #cache: AnswerCache;
  readonly #memory: AnswerMemory;
  readonly #breaker: CircuitBreaker;
  readonly #slots = new RequestSlots(SLOTS);
  readonly #metrics: DirectoryMetrics;
  readonly #underWay = new Map<string, Promise<SourceAnswer>>();
  readonly #listeners: Array<(userId: string) => void> = [];
  readonly #loggedAt = new Map<string, number>();

  constructor(options: MainServerOptions) {
    const { url, token, redis, prefix, log, clock = Date.now, timeoutMs = TIMEOUT_MS } = options;
    this.#address = { url, token, timeoutMs };
    this.#log = log;
    this.#clock = clock;
    this.#cache = new AnswerCache({ redis, prefix, clock, patienceMs: options.redisPatienceMs });
    this.#memory = new AnswerMemory(clock);
    this.#breaker = new CircuitBreaker({ clock, onChange: (isOpen) => this.#tellTrouble(isOpen) });
    this.#metrics = createDirectoryMetrics(options.metrics, () => !this.#breaker.isOpen);
  }

  onNews(listener: (userId: string) => void): void {
    this.#listeners.push(listener);
  }

  async atHand(accounts: readonly string[], patienceMs: number): Promise<Map<string, SourceAnswer>> {
    const answers = new Map<string, SourceAnswer>();
    const missing = accounts.filter((account) => {
      const answer = this.#known(account);
      if (answer) answers.set(account, answer);
      return answer === undefined;
    });
    const pending: Promise<unknown>[] = [];
    for (const [place, cached] of (await this.#cache.read(missing)).entries()) {
      const account = missing[place] ?? "";
      if (cached) answers.set(account, cached.answer);
      if (cached?.isFresh) this.#useCached(account, cached.answer);
      else pending.push(this.#askBehind(account, { answers, stale: cached?.answer }));
    }
    if (patienceMs > 0) await atMost(Promise.all(pending), patienceMs);
    return answers;
  }

  async ask(account: string): Promise<SourceAnswer> {
    const known = this.#known(account);
    if (known) return known;
    const [cached] = await this.#cache.read([account]);
    if (cached?.isFresh) return this.#useCached(account, cached.answer);
    const question = this.#question(account, { isUrgent: true, stale: cached?.answer });
    const answer = question && (await atMost(question, this.#address.timeoutMs));
    return answer ?? this.#useStale(cached?.answer);
  }

  #known(account: string): SourceAnswer | undefined {
    return isAskable(account) ? this.#memory.get(account) : { known: "no" };
  }

  #useCached(account: string, answer: CertainAnswer): CertainAnswer {
    this.#metrics.count("cached");
    this.#memory.keep(account, answer);
    return answer;
  }

  #useStale(stale: CertainAnswer | undefined): SourceAnswer {
    if (stale) this.#metrics.count("stale");
    return stale ?? UNSURE;
  }

  async #askBehind(
    account: string,
    { answers, stale }: { answers: Map<string, SourceAnswer>; stale: CertainAnswer | undefined },
  ): Promise<void> {
    if (stale) this.#metrics.count("stale");
    const answer = await this.#question(account, { isUrgent: false, stale });
    if (answer) answers.set(account, answer);
  }

  /** The question that is under way, or a new one; undefined when nobody should wait for one. */
  #question(account: string, how: Asking): Promise<SourceAnswer> | undefined {
    const underWay = this.#underWay.get(account);
    if (underWay !== undefined) return this.#breaker.isOpen ? undefined : underWay;
    const admission = this.#breaker.admit();
    if (admission === "no") {
      this.#metrics.count("skipped");
      return undefined;
    }
    const isTrial = admission === "trial";
    const question = this.#inTurn(account, { ...how, isTrial }).finally(() => this.#underWay.delete(account));
    this.#underWay.set(account, question);
    return isTrial ? undefined : question;
  }

  async #inTurn(
    account: string,
    { isUrgent, stale, isTrial }: Asking & { isTrial: boolean },
  ): Promise<SourceAnswer> {
    if (!(await this.#slots.take({ isUrgent }))) {
      this.#metrics.count("skipped");
      return stale ?? UNSURE;
    }
    try {
      if (isTrial || !this.#breaker.isOpen) return await this.#request(account, stale);
      // It broke down while this question waited for its turn.
      this.#metrics.count("skipped");
      return stale ?? UNSURE;
    } finally {
      this.#slots.free();
    }
  }

  async #request(account: string, stale: CertainAnswer | undefined): Promise<SourceAnswer> {
    try {
      const answer = await requestPerson(this.#address, account);
      this.#metrics.count(answer.known === "yes" ? "known" : "unknown");
      this.#breaker.succeed();
      this.#cache.write(account, answer);
      this.#memory.keep(account, answer);
      for (const listener of this.#listeners) listener(account);
      return answer;
    } catch (error) {
      this.#noteFailure(error);
      const answer = stale ?? UNSURE;
      this.#memory.keepSubstitute(account, answer);
      return answer;
    }
  }

  #noteFailure(error: unknown): void {
    if (!(error instanceof MainServerFailure)) throw error;
    const { trouble } = error;
    this.#metrics.count(trouble);
    // A server that answers nonsense does answer, and costs nobody any time.
    if (trouble === "refused" || trouble === "malformed") this.#breaker.succeed();
    else this.#breaker.fail();
    const now = this.#clock();
    if (now - (this.#loggedAt.get(trouble) ?? Number.NEGATIVE_INFINITY) < LOGGED_EVERY_MS) return;
    this.#loggedAt.set(trouble, now);
    this.#log.warn({ err: error }, "the main server did not say who somebody is");
  }

  #tellTrouble(isOpen: boolean): void {
    if (isOpen) {
      this.#log.warn(
        {},
        "the main server is in trouble: names are those known so far, and every account is accepted",
      );
    } else this.#log.info({}, "the main server answers again");
  }
}

/** Browsers and servers take these for steps in the path, even percent-encoded; no account is named like that. */
function isAskable(account: string): boolean {
  return account !== "" && account !== "." && account !== ".." && !/\p{Surrogate}/u.test(account);
}

/** Undefined when it takes longer. */
function atMost<Value>(work: Promise<Value>, patienceMs: number): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), patienceMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
