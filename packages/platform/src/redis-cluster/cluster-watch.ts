import type { Cluster } from "ioredis";
import type { RedisOutages } from "../redis-outages.js";
import { within } from "../within.js";
import { mastersOf, refreshSlots } from "./cluster-masters.js";

export interface ClusterWatchOptions {
  cluster: Cluster;
  outages: RedisOutages;
  /** How the subscriptions are, where the connection has any. */
  subscriptions: () => "heard" | "moving" | "lost";
}

const EVERY_MS = 2000;
const AWAY_EVERY_MS = 250;
const PATIENCE_MS = 2000;

/**
 * Looks whether every server of a cluster that has slots answers: a client of ioredis opens its connections when they are needed, and is
 * "ready" as long as it has never found out that all are gone. Away means that one of them does not answer; the others go on being asked.
 * When it is whole again the client says `ready` anew, because what a lost server knew may be lost with it.
 */
export class ClusterWatch {
  readonly #options: ClusterWatchOptions;
  /** Resolves when each server has been asked once, so that there is a connection to those that live. */
  readonly firstLook: Promise<void>;
  #onFirstLook: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isDue = false;
  #isClosed = false;
  #lastError: Error | undefined;

  constructor(options: ClusterWatchOptions) {
    this.#options = options;
    this.firstLook = new Promise((resolve) => {
      this.#onFirstLook = resolve;
    });
    const { cluster, outages } = options;
    cluster.on("error", (error: Error & { lastNodeError?: Error }) =>
      outages.away({ err: error.lastNodeError ?? error }),
    );
    cluster.on("node error", (error: Error) => {
      this.#lastError = error;
    });
    cluster.on("reconnecting", () => outages.away());
    cluster.on("ready", () => this.look());
    // A server's connection ended, wanted or not.
    cluster.on("-node", () => this.look());
    cluster.once("end", () => this.#close());
  }

  /** Looks now, and once more afterwards when it is looking already. */
  look(): void {
    this.#isDue = true;
    if (this.#isClosed || this.#running !== undefined) return;
    clearTimeout(this.#timer);
    this.#running = this.#lookWhileDue().then((isWhole) => {
      this.#running = undefined;
      if (this.#isClosed) return;
      this.#timer = setTimeout(() => this.look(), isWhole ? EVERY_MS : AWAY_EVERY_MS).unref();
    });
  }

  async #lookWhileDue(): Promise<boolean> {
    let isWhole = false;
    while (this.#isDue && !this.#isClosed) {
      this.#isDue = false;
      isWhole = await this.#isWhole();
    }
    return isWhole;
  }

  async #isWhole(): Promise<boolean> {
    const { cluster, outages, subscriptions } = this.#options;
    // Until it is ready again the client tries by itself.
    if (cluster.status !== "ready") return false;
    const lost = await this.#lostServers();
    this.#onFirstLook?.();
    if (this.#isClosed) return false;
    const isHeard = subscriptions() === "heard";
    if (lost.length > 0 || subscriptions() === "lost") outages.away({ servers: lost, err: this.#lastError });
    if (lost.length > 0) await this.#refresh();
    if (lost.length > 0 || !isHeard) return false;
    this.#lastError = undefined;
    if (outages.back()) cluster.emit("ready");
    return true;
  }

  /** A late answer says nothing, because this process may have been too busy to hear it: one without any ends the connection. */
  async #lostServers(): Promise<string[]> {
    const lost = await Promise.all(
      mastersOf(this.#options.cluster).map(async ({ place, connection }) => {
        if (connection !== undefined) await within(connection.ping(), PATIENCE_MS).catch(() => undefined);
        return connection?.status === "ready" ? [] : [place];
      }),
    );
    return lost.flat();
  }

  /** A client whose servers are all gone would ask no other ones: so it begins again with those it was given. */
  async #refresh(): Promise<void> {
    const { cluster } = this.#options;
    const error = await refreshSlots(cluster);
    if (error !== undefined && cluster.status === "ready") cluster.disconnect(true);
  }

  #close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#onFirstLook?.();
  }
}
