import type { Log } from "../logger.js";
import type { Redis } from "../redis.js";
import type { PresenceState } from "./presence-state.js";
import type { PresenceStore } from "./presence-store.js";
import { sweepLease } from "./presence-sweep.js";
import type { PresentUsers } from "./presence-users.js";
import type { PresenceWriter } from "./presence-writer.js";

export interface PresenceLeaseOptions {
  redis: Redis;
  store: PresenceStore;
  users: PresentUsers;
  writer: PresenceWriter;
  tell: (state: PresenceState) => void;
  log: Log;
  leaseMs: number;
}

/** Once in so many renewals everything is compared, asked for or not: it also keeps the users' keys from ageing away. */
const RENEWALS_PER_COMPARISON = 60;

/**
 * Keeps this node's lease, brings Redis and this node together again after they were apart, and withdraws the users of
 * nodes whose lease has run out.
 */
export class PresenceLease {
  readonly #options: PresenceLeaseOptions;
  readonly #onReady = () => {
    this.apart();
    this.#renewNow();
  };
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #isDue = false;
  #isClosed = false;
  #isWarned = false;
  #mustCompare = true;
  #renewals = 0;
  #sweepFrom = 0;

  constructor(options: PresenceLeaseOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#isClosed) return;
    this.#options.redis.on("ready", this.#onReady);
    this.#renewNow();
  }

  /** Others may have withdrawn this node's users: all are registered anew. */
  lost(): void {
    this.#mustCompare = true;
    this.#renewNow();
  }

  /**
   * This node and Redis lost sight of each other, and maybe all nodes did: then all leases have run out, and whoever is back first must
   * leave the others the time to renew theirs before it takes them for dead.
   */
  apart(error?: unknown): void {
    this.#mustCompare = true;
    this.#sweepFrom = performance.now() + this.#options.leaseMs;
    if (error === undefined || this.#isWarned) return;
    this.#isWarned = true;
    this.#options.log.warn({ err: error }, "Presence pauses: Redis does not answer");
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#isClosed = true;
    this.#options.redis.off("ready", this.#onReady);
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
  }

  #renewNow(): void {
    this.#isDue = true;
    if (this.#isClosed || this.#running !== null) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#running = this.#renewWhileDue().then(() => {
      this.#running = null;
      if (!this.#isClosed) this.#timer = setTimeout(() => this.#renewNow(), this.#pause());
    });
  }

  /** A third of the lease at most; the random part keeps the nodes from sweeping in step. */
  #pause(): number {
    return (this.#options.leaseMs / 3) * (0.75 + Math.random() / 4);
  }

  async #renewWhileDue(): Promise<void> {
    while (this.#isDue && !this.#isClosed) {
      this.#isDue = false;
      await this.#renew();
    }
  }

  async #renew(): Promise<void> {
    const { store, log } = this.#options;
    if (!store.isReady) return this.apart();
    try {
      const { held, expired } = await store.renew();
      this.#renewals++;
      if (!held || this.#renewals % RENEWALS_PER_COMPARISON === 0) this.#mustCompare = true;
      if (!(await this.#bringTogether())) return;
      if (this.#isWarned) log.info({}, "Presence is shared by the cluster again");
      this.#isWarned = false;
      await this.#sweep(expired);
    } catch (error) {
      this.apart(error);
    }
  }

  /** Writes what is marked; when the two may differ, everybody here, and withdraws whom Redis has here and this node doesn't. */
  async #bringTogether(): Promise<boolean> {
    const { store, users, writer } = this.#options;
    if (!this.#mustCompare) return await writer.flush();
    this.#mustCompare = false;
    writer.markAll();
    if (!(await writer.flush())) return false;
    for await (const userIds of store.ownUsers()) {
      for (const userId of userIds) if (users.get(userId) === undefined) writer.mark(userId);
    }
    return await writer.flush();
  }

  async #sweep(expired: readonly string[]): Promise<void> {
    const { store, users, tell, log, leaseMs } = this.#options;
    const until = performance.now() + leaseMs / 3;
    for (const lease of expired) {
      const now = performance.now();
      if (this.#isClosed || now < this.#sweepFrom || now > until) return;
      const withdrawn = await sweepLease({ store, users, tell, until }, lease);
      if (withdrawn > 0)
        log.warn({ lease, users: withdrawn }, "A node's lease ran out: its users are withdrawn");
    }
  }
}
