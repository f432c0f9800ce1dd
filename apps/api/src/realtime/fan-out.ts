import type { Batch, Change, Signal } from "@parley/contracts";
import type { Catchup, ChatPosition, HolePosition } from "@parley/engine";
import type { Log } from "@parley/platform";
import type { ChatCursor, LiveUser, Receiver } from "./live-user.js";
import { LiveUsers } from "./live-users.js";
import { encodeChange, encodeSignal, type Outbound } from "./outbound.js";

export interface FanOutOptions {
  /** Reads what is missing after a position; null when the chat is gone. */
  readChanges: (after: HolePosition) => Promise<Catchup | null>;
  log: Log;
  /** Told about each hole that had to be read from the database. */
  onGap?: () => void;
  onDelivered?: (frames: number) => void;
}

/** How long an early change waits for its predecessor, which is usually a few milliseconds behind on another node's packet. */
const GAP_WAIT_MS = 100;
const GAP_RETRY_MS = 1_000;
/** Changes that one chat may hold back; beyond it they are dropped, and read from the database with the hole. */
const HELD_LIMIT = 1_000;
/** How long a large chat's latest revision is remembered for users who are just connecting. */
const RECENT_MS = 5_000;

/**
 * Delivers committed changes to this node's connections: each at most once, in the order of the chat's revisions, whether they come
 * from this process, from another node's packet, or (after a hole) from the database.
 */
export class FanOut {
  readonly users = new LiveUsers();
  readonly #options: FanOutOptions;
  readonly #recent = new Map<string, { rev: number; at: number }>();
  #closed = false;

  constructor(options: FanOutOptions) {
    this.#options = options;
  }

  /** Takes in what one commit published, here or elsewhere. */
  accept(batch: Batch): void {
    for (const change of batch.changes) this.#acceptChange(change);
    for (const signal of batch.signals) this.#deliverSignal(signal);
  }

  /** Follows the chats of a user who connects; call with the positions read after `users.add`. */
  follow(user: LiveUser, positions: readonly ChatPosition[]): void {
    for (const position of positions) {
      if ((user.left.get(position.chatId) ?? 0) > position.rev) continue;
      const cursor = this.users.attach(user, position);
      const recent = this.#recent.get(position.chatId);
      if (recent !== undefined && recent.rev > cursor.rev && cursor.timer === null) this.#waitForGap(cursor);
    }
  }

  close(): void {
    this.#closed = true;
    for (const cursor of this.users.cursors()) {
      if (cursor.timer !== null) clearTimeout(cursor.timer);
      cursor.timer = null;
    }
  }

  #acceptChange(change: Change): void {
    if (change.body.name === "member.removed") {
      this.users.get(change.body.userId)?.left.set(change.chatId, change.rev);
    }
    const cursor = this.users.cursor(change.chatId) ?? this.#cursorFor(change);
    if (cursor === undefined) return;
    if (change.rev <= cursor.rev) return;
    if (change.rev === cursor.rev + 1 && !cursor.filling) {
      this.#deliverNext(cursor, change);
      this.#releaseHeld(cursor);
      return;
    }
    this.#hold(cursor, change);
  }

  /** A chat that this node did not follow yet: it is new, or its members' arrival was not heard. One look at the audience tells. */
  #cursorFor(change: Change): ChatCursor | undefined {
    const named = change.audience ?? (change.body.name === "member.added" ? [change.body.userId] : []);
    for (const userId of named) {
      const user = this.users.get(userId);
      if (user === undefined) continue;
      const seq = change.body.name === "message.created" ? change.seq - 1 : change.seq;
      return this.users.attach(user, { chatId: change.chatId, rev: change.rev - 1, seq });
    }
    if (change.audience === null) this.#remember(change);
    return undefined;
  }

  #remember(change: Change): void {
    const now = Date.now();
    this.#recent.delete(change.chatId);
    this.#recent.set(change.chatId, { rev: change.rev, at: now });
    for (const [chatId, { at }] of this.#recent) {
      if (now - at < RECENT_MS) break;
      this.#recent.delete(chatId);
    }
  }

  #hold(cursor: ChatCursor, change: Change): void {
    cursor.held ??= new Map();
    if (cursor.held.size < HELD_LIMIT) cursor.held.set(change.rev, change);
    if (cursor.timer === null && !cursor.filling) this.#waitForGap(cursor);
  }

  #releaseHeld(cursor: ChatCursor): void {
    if (cursor.held === null) return;
    for (let next = cursor.held.get(cursor.rev + 1); next; next = cursor.held.get(cursor.rev + 1)) {
      cursor.held.delete(next.rev);
      this.#deliverNext(cursor, next);
    }
    for (const rev of cursor.held.keys()) if (rev <= cursor.rev) cursor.held.delete(rev);
    if (cursor.held.size > 0) {
      if (cursor.timer === null && !cursor.filling) this.#waitForGap(cursor);
      return;
    }
    cursor.held = null;
    if (cursor.timer !== null) clearTimeout(cursor.timer);
    cursor.timer = null;
  }

  #waitForGap(cursor: ChatCursor, delay = GAP_WAIT_MS): void {
    if (this.#closed || cursor.users.size === 0) return;
    cursor.timer = setTimeout(() => {
      cursor.timer = null;
      void this.fill(cursor);
    }, delay);
  }

  /** Reads what this node has not delivered of a chat, and delivers it in order. */
  async fill(cursor: ChatCursor): Promise<void> {
    if (cursor.filling || this.#closed || cursor.users.size === 0) return;
    cursor.filling = true;
    this.#options.onGap?.();
    let failed = false;
    try {
      await this.#fillPages(cursor);
    } catch (error) {
      failed = true;
      this.#options.log.warn(
        { err: error, chatId: cursor.chatId },
        "could not read missed changes; trying again",
      );
    }
    cursor.filling = false;
    if (failed) this.#waitForGap(cursor, GAP_RETRY_MS);
    else this.#releaseHeld(cursor);
  }

  async #fillPages(cursor: ChatCursor): Promise<void> {
    const { chatId, rev, seq } = cursor;
    let position: HolePosition = { chatId, rev, seq };
    for (let more = true; more && cursor.users.size > 0; ) {
      const missed = await this.#options.readChanges(position);
      if (missed === null) return;
      for (const change of missed.changes) this.#deliverChange(cursor, change);
      position = missed.position;
      cursor.rev = position.rev;
      cursor.seq = position.seq;
      more = missed.more;
    }
  }

  #deliverNext(cursor: ChatCursor, change: Change): void {
    cursor.rev = change.rev;
    if (change.body.name === "message.created") cursor.seq = change.body.message.seq;
    this.#deliverChange(cursor, change);
  }

  #deliverChange(cursor: ChatCursor, change: Change): void {
    const { body } = change;
    if (body.name === "member.added") this.#attachMember(cursor, body.userId);
    const receivers = this.#receiversOf(cursor, change);
    if (receivers.length > 0) {
      const outbound = encodeChange(change);
      for (const user of receivers) this.#deliverTo(user, outbound, change.exceptConnection);
    }
    if (body.name === "member.removed") {
      const user = this.users.get(body.userId);
      if (user !== undefined) this.users.detach(user, cursor);
    }
  }

  #attachMember(cursor: ChatCursor, userId: string): void {
    const user = this.users.get(userId);
    if (user !== undefined) this.users.attach(user, cursor);
  }

  /** The named members who are connected here; for a large chat those whom this node knows to be in it. */
  #receiversOf(cursor: ChatCursor, change: Change): LiveUser[] {
    if (change.audience === null) return [...cursor.users];
    const receivers: LiveUser[] = [];
    for (const userId of change.audience) {
      const user = this.users.get(userId);
      if (user === undefined) continue;
      if (!user.cursors.has(cursor)) this.users.attach(user, cursor);
      receivers.push(user);
    }
    return receivers;
  }

  #deliverTo(user: LiveUser, outbound: Outbound, except: string | undefined): void {
    const frames = "toAll" in outbound ? outbound.toAll : outbound.toEach(user.userId);
    for (const connection of user.connections) {
      if (connection.id !== except) this.#write(connection, frames);
    }
  }

  #deliverSignal(signal: Signal): void {
    const users = this.#signalReceivers(signal).filter((user) => user.userId !== signal.exceptUser);
    if (users.length === 0) return;
    const frames = [encodeSignal(signal)];
    for (const user of users) for (const connection of user.connections) this.#write(connection, frames);
  }

  #signalReceivers(signal: Signal): LiveUser[] {
    if (signal.audience !== null) {
      return signal.audience.map((userId) => this.users.get(userId)).filter((user) => user !== undefined);
    }
    return signal.chatId === null ? [] : [...(this.users.cursor(signal.chatId)?.users ?? [])];
  }

  #write(connection: Receiver, frames: readonly string[]): void {
    for (const frame of frames) connection.deliver(frame);
    this.#options.onDelivered?.(frames.length);
  }
}
