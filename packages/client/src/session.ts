import type { MessageShape } from "@parley/contracts";
import { type Actions, createActions } from "./actions/create-actions.js";
import { Chats } from "./chats/chats.js";
import { createViews, type Views } from "./chats/views.js";
import type { ClientEvents } from "./client-events.js";
import type { ClientParts } from "./client-parts.js";
import { Connection, type Status } from "./connection/connection.js";
import type { Heard, Link } from "./connection/link.js";
import { createEmitter } from "./emitter.js";
import { SharedOutbox } from "./outbox/shared-outbox.js";
import type { ParleyRefusal } from "./refusal.js";
import { browserGlobals } from "./store/browser-globals.js";
import { createShelf, type Shelf } from "./store/shelf.js";

const CHANGES = new Set([
  "new_message",
  "message_updated",
  "messages_read",
  "messages_delivered",
  "member_added",
  "member_removed",
]);

/** Everything that lives as long as a client, put together. */
export class Session {
  readonly events = createEmitter<ClientEvents>();
  readonly connection: Connection;
  readonly outbox: SharedOutbox;
  readonly chats: Chats;
  readonly views: Views;
  readonly actions: Actions;
  readonly #parts: ClientParts;
  readonly #shelf: Shelf;
  readonly #onOnline = () => this.connection.start();
  #closed = false;

  constructor(parts: ClientParts) {
    const { events } = this;
    this.#parts = parts;
    this.#shelf = createShelf({ ...parts, events });
    this.connection = new Connection({
      ...parts,
      onStatus: (status, why) => this.#onStatus(status, why),
      onLive: (link, userId) => this.#onLive(link, userId),
      onHeard: (event) => this.#onHeard(event),
      onAnswered: () => this.outbox.answered(),
    });
    this.outbox = new SharedOutbox({
      ...parts,
      events,
      shelf: this.#shelf,
      link: () => this.connection.link,
      renew: () => this.connection.renew(),
      onStored: (message) => this.#onStored(message),
      onChange: (chatId) => this.#onOutboxChange(chatId),
      onLead: (alone, kept) => alone && this.chats.keep(kept),
    });
    this.chats = new Chats({
      ...parts,
      events,
      shelf: this.#shelf,
      onChange: (chatId) => this.#onChatChange(chatId),
      onCaughtUp: () => this.#onCaughtUp(),
    });
    this.views = createViews(this.chats.book, this.outbox.entries);
    this.actions = createActions({ ...parts, events, chats: this.chats, connection: this.connection });
    void this.#start();
  }

  /** Resolves when everything is ended and kept. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    browserGlobals().removeEventListener?.("online", this.#onOnline);
    this.connection.close();
    this.actions.close();
    this.outbox.close();
    this.#parts.rest.close();
    await this.chats.close();
    this.outbox.leave();
    await this.#shelf.close();
    this.events.clear();
  }

  async #start(): Promise<void> {
    const kept = await this.#shelf.load();
    if (this.#closed) return;
    this.chats.restore(kept);
    this.outbox.start(kept);
    browserGlobals().addEventListener?.("online", this.#onOnline);
    this.connection.start();
  }

  #onStatus(status: Status, why: ParleyRefusal | undefined): void {
    if (status !== "live") {
      this.chats.unfollow();
      this.actions.typing.reset();
    }
    this.events.emit("status", { status, ...(why === undefined ? {} : { why }) });
  }

  #onLive(link: Link, userId: string): void {
    this.chats.follow(link, userId);
    this.outbox.restart();
    this.actions.marker.restart();
    this.actions.deliveries.restart();
  }

  #onCaughtUp(): void {
    this.connection.settled();
    this.actions.viewing.restart();
    this.events.emit("caught_up", {});
  }

  #onHeard(event: Heard): void {
    if (event.name === "presence_update") this.events.emit("presence", event.payload);
    if (event.name === "typing_indicator") {
      const { chatId, userId, action } = event.payload;
      this.actions.typing.hear({ chatId, userId, typing: action === "start" });
    }
    if (event.name === "new_message" && event.payload.sender_id === this.chats.book.me) {
      this.outbox.settle(event.payload);
    }
    if (CHANGES.has(event.name)) this.chats.hear(event);
  }

  #onStored(message: MessageShape): void {
    this.chats.takeMessages([message]);
    // It may have been shown before its acknowledgement came; then nothing has changed that would clear it.
    this.#clearOutbox(message.chat_id);
  }

  #onChatChange(chatId: string): void {
    this.#clearOutbox(chatId);
    this.views.invalidate(chatId);
    this.actions.deliveries.changed(chatId);
  }

  #onOutboxChange(chatId: string): void {
    this.views.invalidate(chatId);
    this.events.emit("timeline", { chatId });
  }

  #clearOutbox(chatId: string): void {
    const run = this.chats.book.chats.get(chatId)?.timeline.run;
    if (run !== undefined) this.outbox.entries.clear(chatId, run.to);
  }
}
