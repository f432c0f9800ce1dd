import { randomUUID } from "node:crypto";
import type { Redis } from "../redis.js";
import { runScript } from "./presence-scripts.js";
import { ENTRIES_AT_ONCE, entryOf, LEASE_MS, PREFIX, type View } from "./view.js";
import { VIEWING_SCRIPTS } from "./viewing-scripts.js";

export interface ViewingOptions {
  /** A connection of the role `cache`. */
  redis: Redis;
  /** This node's name. */
  node: string;
  /** What all keys begin with. */
  prefix?: string;
  /** How long what a crashed node said of its users stands; it is said again every third of it. */
  leaseMs?: number;
}

/**
 * Tells Redis what this node's users are looking at, for those who decide about notifications: a hash of the node's, which counts as long
 * as the node vouches for it. While Redis is away nothing is told, and afterwards everything anew.
 */
export class Viewing {
  readonly #redis: Redis;
  readonly #lease: string;
  readonly #leaseMs: number;
  readonly #keys: { nodes: string; own: string };
  /** How many connections have it open. */
  readonly #counts = new Map<string, number>();
  #work = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #mustRewrite = true;
  /** Changes that wait for their turn: until then Redis rightly has another number of entries. */
  #untold = 0;

  constructor({ redis, node, prefix = PREFIX, leaseMs = LEASE_MS }: ViewingOptions) {
    this.#redis = redis;
    this.#leaseMs = leaseMs;
    this.#lease = `${node}/${randomUUID()}`;
    this.#keys = { nodes: `${prefix}:viewing`, own: `${prefix}:viewing:${this.#lease}` };
  }

  start(): void {
    this.#inTurn(() => this.#beat());
    this.#timer = setInterval(() => this.#inTurn(() => this.#beat()), this.#leaseMs / 3).unref();
  }

  opened(view: View): void {
    const entry = entryOf(view);
    const before = this.#counts.get(entry) ?? 0;
    this.#counts.set(entry, before + 1);
    if (before === 0) this.#tell(entry);
  }

  closed(view: View): void {
    const entry = entryOf(view);
    const before = this.#counts.get(entry) ?? 0;
    if (before > 1) this.#counts.set(entry, before - 1);
    else if (this.#counts.delete(entry)) this.#tell(entry);
  }

  /** Withdraws this node's word, if Redis is there. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#counts.clear();
    this.#inTurn(async () => {
      if (this.#redis.status !== "ready") return;
      await this.#redis.zrem(this.#keys.nodes, this.#lease);
      await this.#redis.del(this.#keys.own);
    });
    await this.#work;
  }

  #inTurn(task: () => Promise<void>): void {
    this.#work = this.#work.then(task).catch(() => {
      this.#mustRewrite = true;
    });
  }

  #tell(entry: string): void {
    if (this.#redis.status !== "ready") {
      // The heartbeat would not find it: as many as before may be right by chance.
      this.#mustRewrite = true;
      return;
    }
    this.#untold++;
    this.#inTurn(async () => {
      this.#untold--;
      // What is true when its turn comes: it may have been closed and opened again meanwhile.
      if (this.#counts.has(entry)) await this.#redis.hset(this.#keys.own, entry, "1");
      else await this.#redis.hdel(this.#keys.own, entry);
    });
  }

  async #beat(): Promise<void> {
    if (this.#redis.status !== "ready") return;
    const mustRewrite = this.#mustRewrite;
    // Before anything is awaited: what can't be told meanwhile must stay marked.
    this.#mustRewrite = false;
    if (mustRewrite) await this.#rewrite();
    const keys = [this.#keys.nodes, this.#keys.own];
    const args = [this.#lease, this.#leaseMs, this.#untold > 0 ? -1 : this.#counts.size];
    const isWhole = await runScript(this.#redis, VIEWING_SCRIPTS.beat, { keys, args });
    if (isWhole !== 1) this.#mustRewrite = true;
  }

  async #rewrite(): Promise<void> {
    await this.#redis.del(this.#keys.own);
    const entries = [...this.#counts.keys()];
    for (let from = 0; from < entries.length; from += ENTRIES_AT_ONCE) {
      const fields = entries.slice(from, from + ENTRIES_AT_ONCE).flatMap((entry) => [entry, "1"]);
      await this.#redis.hset(this.#keys.own, ...fields);
    }
  }
}
