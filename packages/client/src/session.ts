import type { MessageShape } from "@parley/contracts";
import { createNaps, type Naps } from "./actions/naps.js";
import { createPatientAsk } from "./actions/patient-ask.js";
import { ReadMarker } from "./actions/read-marker.js";
import { Typing } from "./actions/typing.js";
import { Viewing } from "./actions/viewing.js";
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
import type { Ask } from "./wire/commands.js";

const PATIENCE_MS = 15_000;
const CHANGES = new Set([
  "new_message",
  "message_updated",
  "messages_read",
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
    this.actions = createActions(this, parts);
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

/** What the user does besides writing. */
interface Actions {
  typing: Typing;
  marker: ReadMarker;
  viewing: Viewing;
  /** Asks with patience; for what may be done twice. */
  ask: Ask;
  close(): void;
}

function createActions(session: Session, { clock, random }: ClientParts): Actions {
  const { events, chats, connection } = session;
  const naps: Naps = createNaps(clock);
  const timelineOf = (chatId: string) => chats.book.chats.get(chatId)?.timeline;
  const report = (doing: ClientEvents["trouble"]["doing"]) => (error: unknown) =>
    events.emit("trouble", { doing, error });
  const link = () => connection.link;
  const ask = () => link()?.ask;
  const marker = new ReadMarker({
    clock,
    random,
    ask,
    messageIdAt: (chatId, seq) => timelineOf(chatId)?.known.get(seq)?.id,
    onTrouble: report("marking as read"),
  });
  const viewing = new Viewing({
    ask,
    shownTo: (chatId) => timelineOf(chatId)?.run?.to,
    take: (messages) => chats.takeMessages(messages),
    onTrouble: report("opening a chat"),
  });
  const renew = () => connection.renew();
  return {
    typing: new Typing({ clock, events, ask }),
    marker,
    viewing,
    ask: createPatientAsk({ clock, random, naps, link, renew, patienceMs: PATIENCE_MS }),
    close: () => {
      marker.close();
      naps.close();
    },
  };
}
