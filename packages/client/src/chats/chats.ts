import type { MessageShape } from "@parley/contracts";
import type { ClientEvents } from "../client-events.js";
import type { ClientParts } from "../client-parts.js";
import type { Heard, Link } from "../connection/link.js";
import type { Emitter } from "../emitter.js";
import { Cache, CHAT_KEY, CURSOR_KEY } from "../store/cache.js";
import type { Shelf } from "../store/shelf.js";
import { applyEvent, revisionOf } from "./apply-event.js";
import {
  announce,
  type Book,
  type ChatState,
  createBook,
  moveDelivered,
  moveRead,
  takeMessage,
  touch,
} from "./book.js";
import { Catchup } from "./catchup.js";
import { type ChatRecord, stateOf } from "./chat-record.js";
import { HoleFiller } from "./hole-filler.js";
import { RevWatch } from "./rev-watch.js";
import { newestOfOthers } from "./timeline.js";

export interface ChatsParts extends Pick<ClientParts, "clock" | "random" | "userId" | "rest"> {
  events: Emitter<ClientEvents>;
  shelf: Shelf;
  /** Called with each chat that changed, before the application is told. */
  onChange(chatId: string, state: ChatState | undefined): void;
  onCaughtUp(): void;
}

/** The book of chats, and what keeps it complete. */
export class Chats {
  readonly book: Book;
  readonly #parts: ChatsParts;
  readonly #catchup: Catchup;
  readonly #holes: HoleFiller;
  readonly #revs: RevWatch;
  readonly #cache: Cache;
  /** Chats that I was told to be in. */
  readonly #awaited = new Set<string>();

  constructor(parts: ChatsParts) {
    const { clock, events, shelf, userId: me } = parts;
    this.#parts = parts;
    const book = createBook({ me, events, onChange: (chatId, state) => this.#changed(chatId, state) });
    this.book = book;
    this.#catchup = new Catchup({ ...parts, book, onCaughtUp: (...how) => this.#caughtUp(...how) });
    this.#revs = new RevWatch({ ...parts, catchUp: () => this.#catchup.request() });
    this.#holes = new HoleFiller({
      ...parts,
      timelineOf: (chatId) => book.chats.get(chatId)?.timeline,
      fetchHistory: async (id, query) => {
        const page = await parts.rest.request("GET /v1/chat/{id}/messages", { params: { id }, query });
        return page.messages;
      },
      take: (messages) => this.takeMessages(messages),
    });
    const save = (changes: Array<readonly [string, unknown]>) => shelf.save(changes);
    this.#cache = new Cache({ book, clock, save, isCurrent: () => this.#catchup.current });
  }

  /** Begins with what an earlier session has kept. */
  restore(kept: Map<string, unknown>): void {
    const cursor = kept.get(CURSOR_KEY);
    if (typeof cursor !== "string") return;
    this.#catchup.restore(cursor);
    for (const [key, value] of kept) {
      if (!key.startsWith(CHAT_KEY)) continue;
      const chatId = key.slice(CHAT_KEY.length);
      this.book.chats.set(chatId, stateOf(value as ChatRecord));
      touch(this.book, chatId).messages = true;
    }
    announce(this.book);
  }

  /** A new link, of this user. */
  follow(link: Link, userId: string): void {
    this.book.me = userId;
    this.#catchup.follow(link);
  }

  unfollow(): void {
    this.#catchup.unfollow();
    this.#revs.reset();
  }

  /** This client keeps the chats from here on. */
  keep(kept: Map<string, unknown>): void {
    this.#cache.begin(kept.keys());
  }

  hear(event: Heard): void {
    this.#catchup.take(() => {
      if (applyEvent(this.book, event, this.#parts.clock.now) === "sync") this.#catchup.request();
      const took = revisionOf(event, this.book.me);
      if (took !== undefined && took.rev === undefined) this.#revs.off();
      else if (took !== undefined) this.#revs.seen(took.chatId, took.rev);
      if (event.name === "member_added" && event.payload.userId === this.book.me)
        this.#awaited.add(event.payload.chatId);
    });
  }

  /** Messages in whatever state and order. */
  takeMessages(messages: MessageShape[]): void {
    this.#catchup.take(() => {
      for (const message of messages) if (!takeMessage(this.book, message)) this.#catchup.request();
    });
  }

  /** I have read up to here; counts before the server knows. */
  read(chatId: string, seq: number): boolean {
    const { me } = this.book;
    if (me === undefined || !moveRead(this.book, { chatId, userId: me, seq })) return false;
    announce(this.book);
    return true;
  }

  /** The newest message of others that is here and beyond what the server knows to be here. */
  unreported(chatId: string): number | undefined {
    const { me, chats } = this.book;
    const state = chats.get(chatId);
    if (me === undefined || state === undefined) return undefined;
    return newestOfOthers(state.timeline, { me, after: state.delivered.get(me) ?? 0 });
  }

  /** The others know, or may know, that messages up to here are here; `rev` is the revision that this took. */
  reported({ chatId, seq, rev }: { chatId: string; seq: number; rev: number | undefined }): void {
    moveDelivered(this.book, { chatId, userId: this.book.me ?? "", seq });
    // Live changes do not tell me of what I did.
    this.#catchup.take(() => this.#revs.seen(chatId, rev));
  }

  async close(): Promise<void> {
    this.#catchup.close();
    this.#revs.reset();
    this.#holes.close();
    await this.#cache.close();
  }

  #changed(chatId: string, state: ChatState | undefined): void {
    this.#parts.onChange(chatId, state);
    this.#cache.changed(chatId);
    this.#holes.check(chatId);
  }

  #caughtUp(cursor: string, news: boolean): void {
    this.#revs.caughtUp(news);
    if (this.#lacksChat()) {
      this.#catchup.startOver();
      return;
    }
    this.#cache.caughtUp(cursor);
    this.#parts.onCaughtUp();
  }

  /**
   * News of a removal may come after a catch-up that showed me back in the chat. It is gone then, and no later catch-up would bring it; but
   * the news of my return follows.
   */
  #lacksChat(): boolean {
    if (!this.#catchup.current) return false;
    const awaited = [...this.#awaited];
    this.#awaited.clear();
    return awaited.some((chatId) => !this.book.chats.has(chatId));
  }
}
