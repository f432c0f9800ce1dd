import type { MessageShape } from "@parley/contracts";
import type { ClientEvents } from "../client-events.js";
import type { ClientParts } from "../client-parts.js";
import type { Heard, Link } from "../connection/link.js";
import type { Emitter } from "../emitter.js";
import { Cache, CHAT_KEY, CURSOR_KEY } from "../store/cache.js";
import type { Shelf } from "../store/shelf.js";
import { applyEvent } from "./apply-event.js";
import { announce, type Book, type ChatState, createBook, moveRead, takeMessage, touch } from "./book.js";
import { Catchup } from "./catchup.js";
import { type ChatRecord, stateOf } from "./chat-record.js";
import { HoleFiller } from "./hole-filler.js";

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
  readonly #cache: Cache;

  constructor(parts: ChatsParts) {
    const { clock, events, shelf, userId: me } = parts;
    this.#parts = parts;
    const book = createBook({ me, events, onChange: (chatId, state) => this.#changed(chatId, state) });
    this.book = book;
    this.#catchup = new Catchup({ ...parts, book, onCaughtUp: (cursor) => this.#caughtUp(cursor) });
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
  }

  /** This client keeps the chats from here on. */
  keep(kept: Map<string, unknown>): void {
    this.#cache.begin(kept.keys());
  }

  hear(event: Heard): void {
    this.#catchup.take(() => {
      if (applyEvent(this.book, event, this.#parts.clock.now) === "sync") this.#catchup.request();
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

  async close(): Promise<void> {
    this.#catchup.close();
    this.#holes.close();
    await this.#cache.close();
  }

  #changed(chatId: string, state: ChatState | undefined): void {
    this.#parts.onChange(chatId, state);
    this.#cache.changed(chatId);
    this.#holes.check(chatId);
  }

  #caughtUp(cursor: string): void {
    this.#cache.caughtUp(cursor);
    this.#parts.onCaughtUp();
  }
}
