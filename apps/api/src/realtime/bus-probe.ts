import type { Log, Redis } from "@parley/platform";

export interface BusProbeOptions {
  publisher: Redis;
  subscriber: Redis;
  /** This node's own channel: a sharded one, which in a cluster of Redis goes by the server that the bus goes by. */
  channel: string;
  onChange: (state: BusState) => void;
  log: Log;
  everyMs?: number;
}

export type BusState = "ok" | "degraded";

const EVERY_MS = 500;

/**
 * Sends itself a word through Redis again and again: the bus works when it comes back, not when a connection looks open. A word that has
 * not come back when the next one is due means degraded.
 */
export class BusProbe {
  readonly #options: BusProbeOptions;
  readonly #channel: Buffer;
  #state: BusState = "degraded";
  #sent = 0;
  #heard = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BusProbeOptions) {
    this.#options = options;
    this.#channel = Buffer.from(options.channel);
  }

  get state(): BusState {
    return this.#state;
  }

  start(): void {
    const { subscriber, channel, everyMs = EVERY_MS } = this.#options;
    subscriber.on("smessageBuffer", this.#onMessage);
    subscriber.ssubscribe(channel).catch(() => undefined);
    this.#probe();
    this.#timer = setInterval(() => this.#probe(), everyMs);
    this.#timer.unref();
  }

  /** Something else found that Redis does not take messages. */
  fail(): void {
    // Or the answer to an earlier probe would say at once that all is well again.
    this.#sent++;
    this.#set("degraded");
  }

  close(): void {
    clearInterval(this.#timer);
    this.#options.subscriber.off("smessageBuffer", this.#onMessage);
  }

  readonly #onMessage = (channel: Buffer, text: Buffer) => {
    if (!channel.equals(this.#channel)) return;
    this.#heard = Number(text.toString());
    if (this.#heard === this.#sent) this.#set("ok");
  };

  #probe(): void {
    if (this.#heard !== this.#sent) this.#set("degraded");
    this.#sent++;
    // Not its method of that name, whose failures count as messages that were not taken.
    this.#options.publisher
      .call("spublish", this.#options.channel, String(this.#sent))
      .catch(() => this.#set("degraded"));
  }

  #set(state: BusState): void {
    if (state === this.#state) return;
    this.#state = state;
    if (state === "ok") this.#options.log.info({}, "the bus works");
    else this.#options.log.warn({}, "the bus does not work: other nodes' news is read from Postgres");
    this.#options.onChange(state);
  }
}
