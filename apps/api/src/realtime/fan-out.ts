import type { Batch, Change, Message, PrivateRead, Signal } from "@parley/contracts";
import type { Catchup, ChatPosition, Commit, HolePosition } from "@parley/engine";
import type { Log } from "@parley/platform";
import { HoleFiller } from "./hole-filler.js";
import { type ChatCursor, type LiveUser, type ReceivedMessage, receivedMessage } from "./live-user.js";
import { LiveUsers } from "./live-users.js";
import { RecentRevisions } from "./recent-revisions.js";
import { EncodedOnce } from "./wire.js";

export interface FanOutOptions {
  /** Reads what is missing after each position. */
  readMissed: (positions: HolePosition[]) => Promise<Map<string, Catchup>>;
  /** Where a chat stood before a user came into it; null when they are not in it. */
  readArrival: (input: { chatId: string; userId: string }) => Promise<ChatPosition | null>;
  log: Log;
  /** Told how many chats had to be read from the database. */
  onGap?: (chats: number) => void;
  onDelivered?: (frames: number) => void;
  /** A new message has been handed to everybody here who is told of it. */
  onMessage?: (message: Message) => void;
  /** Somebody who is connected here was taken out of a chat, and has heard everything up to that. */
  onRemoved?: (member: { chatId: string; userId: string }) => void;
  /** False only to show in a test what the reading is for: then a hole is left a hole. */
  catchUp?: boolean;
}

/** Changes that one chat may hold back; beyond it they are dropped, and read from the database with the hole. */
const HELD_LIMIT = 1_000;
const RETRY_MS = 1_000;

/**
 * Delivers committed changes to this node's connections: each at most once, in the order of the chat's revisions, whether they come
 * from this process, from another node's packet, or (after a hole) from the database.
 */
export class FanOut {
  readonly users = new LiveUsers();
  readonly #options: FanOutOptions;
  readonly #filler: HoleFiller;
  readonly #recent = new RecentRevisions();

  constructor(options: FanOutOptions) {
    this.#options = options;
    this.#filler = new HoleFiller({
      readMissed: options.catchUp === false ? async () => new Map() : options.readMissed,
      isCurrent: (cursor) => this.users.isCurrent(cursor),
      deliver: (cursor, change) => this.#deliverChange(cursor, change),
      remove: (cursor, member) => this.#removeFrom(cursor, member),
      onFilled: (cursor) => this.#releaseHeld(cursor),
      onGap: (chats) => options.onGap?.(chats),
      log: options.log,
    });
  }

  /** Takes in what one commit published, here or elsewhere. Never throws: one bad change must not cost the others. */
  accept(batch: Batch): void {
    for (const change of batch.changes) this.#guard(() => this.#acceptChange(change));
    for (const signal of batch.signals) this.#guard(() => this.#deliverSignal(signal));
    for (const read of batch.privateReads ?? []) this.#guard(() => this.#deliverPrivateRead(read));
  }

  /** Follows the chats of a user who connects; call with the positions read after `users.add`. */
  follow(user: LiveUser, positions: readonly ChatPosition[]): void {
    for (const position of positions) {
      const cursor = this.users.attach(user, position);
      if (cursor !== undefined) this.#expect(cursor, this.#recent.get(position.chatId));
    }
    user.settled = true;
  }

  /** Learns from the database that chats have changed: those that are behind here get a moment, then are read. */
  expect(commits: readonly Commit[], options: { atOnce: boolean }): void {
    for (const { chatId, rev, joined, before, privateReads } of commits) {
      const at = new Date().toISOString();
      for (const read of privateReads ?? [])
        this.#deliverPrivateRead({ chatId, ...read, messageIds: [], at });
      for (const userId of joined) {
        const user = this.users.get(userId);
        if (user !== undefined && before !== null && !this.users.isFollowed(user, chatId)) {
          this.users.attach(user, { chatId, ...before });
        }
      }
      const cursor = this.users.cursor(chatId);
      if (cursor === undefined || rev <= cursor.rev) continue;
      this.#expect(cursor, rev);
      if (options.atOnce) this.#filler.fill(cursor);
    }
  }

  close(): void {
    this.#filler.close();
    for (const cursor of this.users.cursors()) if (cursor.timer !== null) clearTimeout(cursor.timer);
  }

  #acceptChange(change: Change): void {
    if (change.body.name === "member.removed") {
      const user = this.users.get(change.body.userId);
      if (user !== undefined) this.#noteLeaving(user, change);
    }
    const cursor = this.users.cursor(change.chatId) ?? this.#cursorFor(change);
    if (cursor === undefined || change.rev <= cursor.rev) return;
    if (change.rev === cursor.rev + 1 && !cursor.filling) {
      this.#deliverNext(cursor, change);
      this.#releaseHeld(cursor);
    } else {
      this.#hold(cursor, change);
    }
  }

  /** A chat that this node did not follow yet: it is new, or its members' arrival was not heard. One look at the audience tells. */
  #cursorFor(change: Change): ChatCursor | undefined {
    const arriving = arrivals(change);
    for (const userId of change.audience ?? arriving) {
      const user = this.users.get(userId);
      if (user === undefined) continue;
      const seq = change.body.name === "message.created" ? change.seq - 1 : change.seq;
      const cursor = this.users.attach(user, { chatId: change.chatId, rev: change.rev - 1, seq });
      if (cursor === undefined) continue;
      if (user.settled && !arriving.includes(userId)) this.#findBeginning(cursor, userId);
      return cursor;
    }
    if (change.audience === null) this.#recent.note(change);
    return undefined;
  }

  /** A member whose coming was not heard: what the chat said since then is read before what it says now. */
  #findBeginning(cursor: ChatCursor, userId: string): void {
    cursor.filling = true;
    this.#options
      .readArrival({ chatId: cursor.chatId, userId })
      .then((arrival) => {
        if (arrival !== null && arrival.rev < cursor.rev) {
          cursor.rev = arrival.rev;
          cursor.seq = arrival.seq;
        }
        cursor.filling = false;
        if (this.users.isCurrent(cursor)) this.#filler.fill(cursor);
      })
      .catch((error) => {
        this.#options.log.warn({ err: error, chatId: cursor.chatId }, "could not read when somebody joined");
        setTimeout(() => {
          if (this.users.isCurrent(cursor)) this.#findBeginning(cursor, userId);
        }, RETRY_MS).unref();
      });
  }

  #expect(cursor: ChatCursor, rev: number): void {
    if (rev <= cursor.expected) return;
    cursor.expected = rev;
    this.#filler.wait(cursor);
  }

  #hold(cursor: ChatCursor, change: Change): void {
    cursor.held ??= new Map();
    if (cursor.held.size < HELD_LIMIT) cursor.held.set(change.rev, change);
    this.#expect(cursor, change.rev);
  }

  #releaseHeld(cursor: ChatCursor): void {
    if (cursor.held !== null) {
      if (this.#options.catchUp === false && !cursor.filling) this.#skipHole(cursor);
      for (let next = cursor.held?.get(cursor.rev + 1); next; next = cursor.held?.get(cursor.rev + 1)) {
        cursor.held?.delete(next.rev);
        this.#deliverNext(cursor, next);
      }
      // With the last member gone, there is nobody left to hold anything for.
      if (cursor.held === null) return;
      for (const rev of cursor.held.keys()) if (rev <= cursor.rev) cursor.held.delete(rev);
      cursor.expected = Math.max(cursor.expected, ...cursor.held.keys());
      if (cursor.held.size === 0) cursor.held = null;
    }
    if (cursor.expected > cursor.rev) this.#filler.wait(cursor);
  }

  #skipHole(cursor: ChatCursor): void {
    if (cursor.timer === null && cursor.held !== null) cursor.rev = Math.min(...cursor.held.keys()) - 1;
  }

  #deliverNext(cursor: ChatCursor, change: Change): void {
    cursor.rev = change.rev;
    if (change.body.name === "message.created") cursor.seq = change.body.message.seq;
    this.#deliverChange(cursor, change);
  }

  #deliverChange(cursor: ChatCursor, change: Change): void {
    const { body } = change;
    if (body.name === "member.added") this.#attachMember(cursor, { userId: body.userId, rev: change.rev });
    this.#guard(() => this.#deliverToReceivers(cursor, change));
    if (body.name === "member.removed") {
      const user = this.users.get(body.userId);
      if (user === undefined) return;
      this.users.detach(user, cursor);
      this.#noteLeaving(user, change);
    }
  }

  #removeFrom(cursor: ChatCursor, { userId, rev }: { userId: string; rev: number }): void {
    const user = this.users.get(userId);
    if (user === undefined || !user.cursors.has(cursor)) return;
    const { chatId } = cursor;
    const body = { name: "member.removed", userId } as const;
    const told = { chatId, rev, seq: cursor.seq, audience: null, body };
    this.#deliverTo(user, { chatId, news: new EncodedOnce((wire) => wire.change(told)) });
    this.users.detach(user, cursor);
    this.#noteLeaving(user, { chatId, rev: cursor.rev + 1 });
  }

  #noteLeaving(user: LiveUser, { chatId, rev }: { chatId: string; rev: number }): void {
    const { userId, left } = user;
    left.set(chatId, Math.max(rev, left.get(chatId) ?? 0));
    if (!this.users.isFollowed(user, chatId)) this.#options.onRemoved?.({ chatId, userId });
  }

  #attachMember(cursor: ChatCursor, member: { userId: string; rev: number }): void {
    const user = this.users.get(member.userId);
    if (user !== undefined)
      this.users.attach(user, { chatId: cursor.chatId, rev: member.rev, seq: cursor.seq });
  }

  #deliverToReceivers(cursor: ChatCursor, change: Change): void {
    const receivers = this.#receiversOf(cursor, change);
    if (receivers.length === 0) return;
    const news = new EncodedOnce((wire) => wire.change(change));
    const message = receivedMessage(change);
    for (const user of receivers) {
      this.#deliverTo(user, { chatId: change.chatId, news, except: change.exceptConnection, message });
    }
    if (change.body.name === "message.created") this.#options.onMessage?.(change.body.message);
  }

  /** The named members who are connected here; for a large chat those whom this node knows to be in it. */
  #receiversOf(cursor: ChatCursor, change: Change): LiveUser[] {
    if (change.audience === null) return [...cursor.users];
    const receivers: LiveUser[] = [];
    for (const userId of change.audience) {
      const user = this.users.get(userId);
      if (user === undefined) continue;
      const followed = user.cursors.has(cursor) || this.users.attach(user, { ...cursor, rev: change.rev });
      if (followed || change.body.name === "member.removed") receivers.push(user);
    }
    return receivers;
  }

  #deliverTo(
    user: LiveUser,
    told: {
      chatId: string | null;
      news: EncodedOnce;
      except?: string | undefined;
      message?: ReceivedMessage | undefined;
    },
  ): void {
    for (const connection of user.connections) {
      if (connection.id === told.except) continue;
      if (connection.onlyChat !== undefined && connection.onlyChat !== told.chatId) continue;
      const frames = told.news.for(connection);
      connection.receive(frames, told.message);
      this.#options.onDelivered?.("later" in frames ? 1 : frames.length);
    }
  }

  #deliverSignal(signal: Signal): void {
    const news = new EncodedOnce((wire) => wire.signal(signal));
    for (const user of this.#signalReceivers(signal)) {
      if (user.userId !== signal.exceptUser) this.#deliverTo(user, { chatId: signal.chatId, news });
    }
  }

  #deliverPrivateRead(read: PrivateRead): void {
    const user = this.users.get(read.userId);
    if (user === undefined || (user.privateReads.get(read.chatId) ?? 0) >= read.readSeq) return;
    user.privateReads.set(read.chatId, read.readSeq);
    const news = new EncodedOnce((wire) => wire.privateRead(read));
    this.#deliverTo(user, { chatId: read.chatId, news, except: read.exceptConnection });
  }

  #signalReceivers(signal: Signal): LiveUser[] {
    if (signal.audience !== null) {
      return signal.audience.map((userId) => this.users.get(userId)).filter((user) => user !== undefined);
    }
    return signal.chatId === null ? [] : [...(this.users.cursor(signal.chatId)?.users ?? [])];
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#options.log.error({ err: error }, "could not deliver a change; the next ones go on");
    }
  }
}

/** Whom a change brings into its chat. */
function arrivals({ body }: Change): string[] {
  if (body.name === "chat.created") return body.memberIds;
  return body.name === "member.added" ? [body.userId] : [];
}
