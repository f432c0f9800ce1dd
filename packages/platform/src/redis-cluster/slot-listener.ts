import { type Cluster, Redis } from "ioredis";
import { type ConnectionOptions, retryDelay } from "../redis-roles.js";
import { within } from "../within.js";
import { refreshSlots } from "./cluster-masters.js";

/** One subscription: sharded, or to what any server of the cluster passes on. */
export interface Channel {
  kind: "subscribe" | "ssubscribe";
  name: string;
}

export interface SlotListenerOptions {
  cluster: Cluster;
  /** How to connect to a server of the cluster. */
  connection: ConnectionOptions;
  slot: number;
  /** `heard` became true or false. */
  onChange: () => void;
}

const PING_MS = 2000;
/** The servers may need a moment to agree who has a slot that was moved. */
const FAILURES_OF_A_MOVE = 3;

/**
 * Listens to the channels of one slot, at the server that has it, over a connection of its own: a sharded message reaches nobody else. It
 * follows the slot when that moves, when a replica takes the server's place, and when the connection breaks or falls silent. What is
 * published in between is not heard.
 */
export class SlotListener {
  readonly #options: SlotListenerOptions;
  readonly #channels = new Map<string, Channel>();
  #heard: Redis | undefined;
  readonly #waiting = new Set<{ resolve: (connection: Redis) => void; reject: (error: Error) => void }>();
  #failures = 0;
  readonly #ending = new AbortController();

  constructor(options: SlotListenerOptions) {
    this.#options = options;
    void this.#follow();
  }

  get state(): "heard" | "moving" | "lost" {
    if (this.#heard !== undefined) return "heard";
    return this.#failures < FAILURES_OF_A_MOVE ? "moving" : "lost";
  }

  get isIdle(): boolean {
    return this.#channels.size === 0;
  }

  /** Resolves when the channel is heard; rejects when the listener has been closed. */
  async add(channel: Channel): Promise<void> {
    this.#channels.set(nameOf(channel), channel);
    for (;;) {
      const connection = await this.#whenHeard();
      try {
        await ask(connection, channel);
        return;
      } catch {
        this.#drop(connection);
      }
    }
  }

  async remove(channel: Channel): Promise<void> {
    this.#channels.delete(nameOf(channel));
    if (channel.kind === "ssubscribe") await this.#heard?.sunsubscribe(channel.name);
    else await this.#heard?.unsubscribe(channel.name);
  }

  close(): void {
    this.#ending.abort();
    for (const { reject } of this.#waiting) reject(closed());
    this.#waiting.clear();
  }

  async #follow(): Promise<void> {
    const { cluster } = this.#options;
    while (!this.#ending.signal.aborted) {
      const owner = this.#owner;
      await this.#listen(owner);
      if (cluster.status === "ready") await refreshSlots(cluster);
      if (this.#failures > 0) await this.#untilOtherThan(owner, { forMs: retryDelay(this.#failures) });
    }
  }

  /** Resolves when the server of the slot is another one, or can't be heard. */
  async #listen(owner: string | undefined): Promise<void> {
    const connection = owner === undefined ? undefined : this.#connectTo(owner);
    try {
      if (connection === undefined) throw new Error("Nobody has the slot.");
      await connection.connect();
      for (const channel of this.#channels.values()) await ask(connection, channel);
      this.#hear(connection);
      await this.#untilOtherThan(owner, { silent: connection });
    } catch {
      this.#failures++;
      this.#options.onChange();
    }
    if (connection !== undefined) this.#drop(connection);
  }

  get #owner(): string | undefined {
    return this.#options.cluster.slots[this.#options.slot]?.[0];
  }

  #connectTo(owner: string): Redis {
    const { cluster, connection: options } = this.#options;
    const border = owner.lastIndexOf(":");
    const connection = new Redis({
      ...options,
      host: owner.slice(0, border),
      port: Number(owner.slice(border + 1)),
      lazyConnect: true,
      // What is tried again is the slot, which another server may have by then.
      retryStrategy: () => null,
    });
    connection.on("error", (error) => cluster.emit("node error", error, owner));
    // Most listeners want buffers: texts are made for those who ask for them.
    connection.on("messageBuffer", (channel: Buffer, text: Buffer) =>
      tell(cluster, { event: "message", channel, text }),
    );
    connection.on("smessageBuffer", (channel: Buffer, text: Buffer) =>
      tell(cluster, { event: "smessage", channel, text }),
    );
    return connection;
  }

  #hear(connection: Redis): void {
    this.#failures = 0;
    this.#heard = connection;
    for (const { resolve } of this.#waiting) resolve(connection);
    this.#waiting.clear();
    this.#options.onChange();
  }

  #drop(connection: Redis): void {
    connection.disconnect();
    if (this.#heard !== connection) return;
    this.#heard = undefined;
    this.#options.onChange();
  }

  #whenHeard(): Promise<Redis> {
    if (this.#ending.signal.aborted) return Promise.reject(closed());
    if (this.#heard !== undefined) return Promise.resolve(this.#heard);
    return new Promise((resolve, reject) => void this.#waiting.add({ resolve, reject }));
  }

  /** Resolves when another server has the slot or the listener is closed, and when a connection falls silent or a time is over. */
  #untilOtherThan(owner: string | undefined, or: { silent?: Redis; forMs?: number }): Promise<void> {
    const { cluster } = this.#options;
    const { signal } = this.#ending;
    const { silent, forMs } = or;
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        cluster.off("refresh", onRefresh);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const onRefresh = () => {
        if (this.#owner !== owner) done();
      };
      const ping = () => within<unknown>(silent?.ping() ?? Promise.resolve(), PING_MS).catch(done);
      const timer = silent ? setInterval(ping, PING_MS) : setTimeout(done, forMs);
      cluster.on("refresh", onRefresh);
      signal.addEventListener("abort", done);
      // `moved`: the server has given the slot away, and ends the subscriptions to it.
      silent?.once("end", done).once("moved", done);
      onRefresh();
      if (signal.aborted || silent?.status === "end") done();
    });
  }
}

function closed(): Error {
  return new Error("The Redis connection is closed.");
}

function nameOf({ kind, name }: Channel): string {
  return `${kind} ${name}`;
}

function ask(connection: Redis, { kind, name }: Channel): Promise<unknown> {
  return kind === "ssubscribe" ? connection.ssubscribe(name) : connection.subscribe(name);
}

function tell(
  cluster: Cluster,
  { event, channel, text }: { event: "message" | "smessage"; channel: Buffer; text: Buffer },
): void {
  cluster.emit(`${event}Buffer`, channel, text);
  if (cluster.listenerCount(event) > 0) cluster.emit(event, channel.toString(), text.toString());
}
