import { randomUUID } from "node:crypto";
import { DISCONNECT_REASONS, type DisconnectReason, type Identity, ParleyError } from "@parley/contracts";
import type { DialectSocket, Fields } from "@parley/dialects";
import type { WebSocket } from "ws";
import { encodeText } from "../encode-once.js";
import { EventBucket } from "../event-bucket.js";
import { sendGathered } from "../gather-writes.js";
import type { LiveConnection } from "../live-connection.js";
import type { ReceivedMessage } from "../live-user.js";
import type { Frames, Wire } from "../wire.js";

/** Bytes that may wait for a slow client, and events that may wait for their words, before it is sent away to come back and read. */
const UNSENT_BYTES = 1_048_576;
const UNTOLD_EVENTS = 1_000;
/** Frames beyond the allowed rate that are answered before the connection ends. */
const REFUSED_FRAMES = 1_000;
/** How long a client may take to answer that its connection is closed. */
const CLOSE_MS = 5_000;
/** How long an expired token may be replaced before the connection ends. */
const REAUTHENTICATION_GRACE_MS = 30_000;

export interface RawConnectionOptions {
  socket: WebSocket;
  identity: Identity;
  wire: Wire;
  dialect: Pick<DialectSocket, "error">;
  onlyChat: string | undefined;
  /** What the client is told first. */
  greeting: () => readonly object[];
  /** Somebody else's message has been handed to the socket. */
  onReceived?: ((message: ReceivedMessage) => void) | undefined;
  /** The node ends the connection; called once. */
  onEnding?: ((reason: DisconnectReason) => void) | undefined;
  eventsPerSecond: number;
  eventsBurst: number;
}

/** What waits to be written, and the message that it tells of, where it does. */
interface Waiting {
  frames: Frames;
  message: ReceivedMessage | undefined;
}

/** One client of a dialect: its socket, who it is, and what waits to be written to it. */
export class RawConnection implements LiveConnection {
  readonly id = randomUUID();
  readonly userId: string;
  readonly wire: Wire;
  readonly onlyChat: string | undefined;
  readonly bucket: EventBucket;
  readonly viewing = new Set<string>();
  identity: Identity;
  running = 0;
  /** When the client last gave a sign of life, in the process's monotonic ms. */
  heardAt = performance.now();
  readonly #socket: WebSocket;
  readonly #options: Pick<RawConnectionOptions, "dialect" | "greeting" | "onReceived" | "onEnding">;
  /** Until the client is live, what arrives for it waits here. */
  #early: Waiting[] | null = [];
  /** Settles when everything before has been written; null while nothing waits for its words. */
  #telling: Promise<void> | null = null;
  #untold = 0;
  #expiryTold = false;
  #refused = 0;

  constructor(options: RawConnectionOptions) {
    this.#socket = options.socket;
    const { dialect, greeting, onReceived, onEnding } = options;
    this.#options = { dialect, greeting, onReceived, onEnding };
    this.identity = options.identity;
    this.userId = options.identity.userId;
    this.wire = options.wire;
    this.onlyChat = options.onlyChat;
    this.bucket = new EventBucket({ perSecond: options.eventsPerSecond, burst: options.eventsBurst });
  }

  get actor() {
    return { userId: this.userId, role: this.identity.role };
  }

  get open(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  receive(frames: Frames, message?: ReceivedMessage): void {
    if (this.#early !== null) this.#early.push({ frames, message });
    else if ("later" in frames || this.#telling !== null) this.#tellLater({ frames, message });
    else this.#tell(frames, message);
  }

  welcome(_now: Date): void {
    const early = this.#early ?? [];
    this.#early = null;
    this.say(this.#options.greeting().map((frame) => JSON.stringify(frame)));
    for (const { frames, message } of early) this.receive(frames, message);
  }

  /** Writes at once, ahead of events that wait for their words. */
  say(texts: readonly string[]): void {
    for (const text of texts) {
      if (!this.open || !this.keepsUp()) return;
      sendGathered(this.#socket, encodeText(text));
    }
  }

  /** Answers a frame that was refused. */
  refuse(refusal: ParleyError, fields?: Fields): void {
    this.say([JSON.stringify(this.#options.dialect.error(refusal, fields))]);
  }

  // The dialects have no words for these two: other nodes' news comes late rather than not at all, and a close says the rest.
  tellBusState(): void {}

  tellDraining(): void {}

  expired(nowMs: number): boolean {
    return this.identity.expiresAt !== undefined && this.identity.expiresAt * 1_000 <= nowMs;
  }

  checkExpiry(nowMs: number): void {
    if (!this.expired(nowMs)) return;
    if (nowMs - (this.identity.expiresAt ?? 0) * 1_000 >= REAUTHENTICATION_GRACE_MS) {
      this.end("token_expired");
    } else if (!this.#expiryTold) {
      this.#expiryTold = true;
      this.refuse(new ParleyError("token_expired"));
    }
  }

  /** Goes on with a fresh token of the same user. */
  renew(identity: Identity): void {
    this.identity = identity;
    this.#expiryTold = false;
  }

  end(reason: DisconnectReason): void {
    if (!this.open) return;
    this.#options.onEnding?.(reason);
    const { code, message } = DISCONNECT_REASONS[reason];
    // What it would be answered from now on.
    if (reason === "removed") this.refuse(new ParleyError("chat_not_found"));
    this.#socket.close(code, message);
    // Who does not read would not see the close frame either.
    if (reason === "slow_consumer") this.#socket.terminate();
    else setTimeout(() => this.#socket.terminate(), CLOSE_MS).unref();
  }

  /** False, and the end of the connection, when more waits for the client than a live one leaves lying. */
  keepsUp(): boolean {
    if (this.#socket.bufferedAmount <= UNSENT_BYTES) return true;
    this.end("slow_consumer");
    return false;
  }

  /** A ping, or the answer to one. They count like frames, because they cost nearly as much; ones beyond the rate have no answer of their own. */
  noteSignOfLife(): void {
    this.heardAt = performance.now();
    if (this.bucket.take() > 0) this.noteRefusal();
  }

  /** Another frame beyond the rate; one who never stops is sent away. */
  noteRefusal(): void {
    this.#refused++;
    if (this.#refused === REFUSED_FRAMES) this.end("too_many_events");
  }

  ping(): void {
    if (this.open) this.#socket.ping();
  }

  terminate(): void {
    this.#socket.terminate();
  }

  #tell(texts: readonly string[], message: ReceivedMessage | undefined): void {
    this.say(texts);
    if (message === undefined || message.senderId === this.userId || !this.open) return;
    this.#options.onReceived?.(message);
  }

  #tellLater(waiting: Waiting): void {
    if (this.#untold >= UNTOLD_EVENTS) {
      this.end("slow_consumer");
      return;
    }
    this.#untold++;
    const before = this.#telling;
    const telling = this.#tellAfter(before, waiting).finally(() => {
      this.#untold--;
      if (this.#telling === telling) this.#telling = null;
    });
    this.#telling = telling;
  }

  async #tellAfter(before: Promise<void> | null, { frames, message }: Waiting): Promise<void> {
    await before;
    try {
      this.#tell("later" in frames ? await frames.later : frames, message);
    } catch {
      // Told once where it failed. What can't be said must not be left out in silence.
      this.end("unavailable");
    }
  }
}
