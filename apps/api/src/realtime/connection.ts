import { DISCONNECT_REASONS, type DisconnectReason, type Identity } from "@parley/contracts";
import type { BusState } from "./bus-probe.js";
import { encodeEngineFrame } from "./encode-once.js";
import { EventBucket } from "./event-bucket.js";
import { gatherEngineWrites, writeGathered } from "./gather-writes.js";
import type { LiveConnection } from "./live-connection.js";
import { frame, nativeWire } from "./outbound.js";
import type { ChatSocket } from "./socket-types.js";
import type { Frames } from "./wire.js";

/** Bytes that may wait for a slow client before it is sent away to come back and catch up. */
const UNSENT_LIMIT = 1_048_576;
/** Events beyond the allowed rate that are answered before the connection ends. */
const REFUSED_EVENTS_LIMIT = 1_000;
/** How long an expired token may be replaced before the connection ends. */
const REAUTHENTICATION_GRACE_MS = 30_000;

export interface ConnectionOptions {
  socket: ChatSocket;
  identity: Identity;
  /** The node ends the connection; called once. */
  onEnding?: ((reason: DisconnectReason) => void) | undefined;
  eventsPerSecond: number;
  eventsBurst: number;
}

/** One native client: its socket, who it is, and what waits to be written to it. */
export class Connection implements LiveConnection {
  readonly id: string;
  readonly userId: string;
  readonly wire = nativeWire;
  readonly bucket: EventBucket;
  readonly viewing = new Set<string>();
  identity: Identity;
  running = 0;
  readonly #socket: ChatSocket;
  #onEnding: ConnectionOptions["onEnding"];
  /** Until the client is told `connected`, what arrives for it waits here. */
  #early: string[] | null = [];
  #expiryTold = false;
  #refused = 0;

  constructor(options: ConnectionOptions) {
    this.#socket = options.socket;
    this.#onEnding = options.onEnding;
    gatherEngineWrites(options.socket.conn);
    this.id = options.socket.id;
    this.identity = options.identity;
    this.userId = options.identity.userId;
    this.bucket = new EventBucket({ perSecond: options.eventsPerSecond, burst: options.eventsBurst });
  }

  get actor() {
    return { userId: this.userId, role: this.identity.role };
  }

  get open(): boolean {
    return this.#socket.connected;
  }

  receive(frames: Frames): void {
    // The native encoders never wait.
    if ("later" in frames) return;
    for (const text of frames) this.deliver(text);
  }

  deliver(text: string): void {
    if (this.#early !== null) {
      this.#early.push(text);
      return;
    }
    this.#write(text);
  }

  welcome(now: Date): void {
    const early = this.#early ?? [];
    this.#early = null;
    const { userId, identity } = this;
    this.#write(frame("connected", { userId, role: identity.role, timestamp: now.toISOString() }));
    for (const text of early) this.#write(text);
  }

  tellBusState(state: BusState): void {
    this.deliver(frame("bus", { state }));
  }

  tellDraining(retryAfterMs: number): void {
    this.deliver(frame("server_draining", { retryAfterMs }));
  }

  /** True once the token's time is over. */
  expired(nowMs: number): boolean {
    return this.identity.expiresAt !== undefined && this.identity.expiresAt * 1_000 <= nowMs;
  }

  checkExpiry(nowMs: number): void {
    if (!this.expired(nowMs)) return;
    if (nowMs - (this.identity.expiresAt ?? 0) * 1_000 >= REAUTHENTICATION_GRACE_MS) {
      this.end("token_expired");
    } else if (!this.#expiryTold) {
      this.#expiryTold = true;
      this.deliver(frame("token_expiring", { graceMs: REAUTHENTICATION_GRACE_MS }));
    }
  }

  /** Goes on with a fresh token of the same user. */
  renew(identity: Identity): void {
    this.identity = identity;
    this.#expiryTold = false;
  }

  end(reason: DisconnectReason): void {
    if (!this.#socket.connected) return;
    // It may be ended again before its transport has closed.
    this.#onEnding?.(reason);
    this.#onEnding = undefined;
    const { message, reconnect } = DISCONNECT_REASONS[reason];
    if (reason !== "slow_consumer") {
      this.#write(frame("connection_ending", { reason, message, reconnect: reconnect === "yes" }));
      writeGathered(this.#socket.conn);
    }
    // Clients take a Socket.IO disconnect for the server's last word; only a lost transport makes them come back by themselves.
    if (reason === "slow_consumer") this.#socket.conn.close(true);
    else if (reconnect === "yes") this.#socket.conn.close();
    else this.#socket.disconnect(true);
  }

  /** False, and the end of the connection, when more waits for the client than a live one leaves lying. */
  keepsUp(): boolean {
    if (!this.#isSlow()) return true;
    this.end("slow_consumer");
    return false;
  }

  /** Another event beyond the rate; one who never stops is sent away. */
  noteRefusal(): void {
    this.#refused++;
    if (this.#refused === REFUSED_EVENTS_LIMIT) this.end("too_many_events");
  }

  #write(text: string): void {
    const { conn } = this.#socket;
    if (!this.#socket.connected || conn.readyState !== "open") return;
    if (this.keepsUp()) conn.write(text, encodeEngineFrame(text));
  }

  #isSlow(): boolean {
    // Private in Engine.IO's types, but the only place that knows how far behind a client is; acknowledgements wait there, too.
    const { writeBuffer } = this.#socket.conn as unknown as {
      writeBuffer: ReadonlyArray<{ data?: unknown }>;
    };
    let bytes = 0;
    for (const { data } of writeBuffer) {
      if (typeof data === "string") bytes += data.length;
      if (bytes > UNSENT_LIMIT) return true;
    }
    return false;
  }
}
