import type { FileShape, MessageShape } from "@parley/contracts";
import type { UploadOptions } from "./actions/uploads.js";
import type { ClientEvents } from "./client-events.js";
import type { ClientParts } from "./client-parts.js";
import type { Draft } from "./outbox/outbox-entry.js";
import type { ParleyClient, SearchFilter, Sending } from "./parley-client.js";
import { ParleyRefusal } from "./refusal.js";
import { Session } from "./session.js";
import type { Request } from "./wire/routes.js";

const OLDER_MESSAGES = 50;

/** The application's side of a session. */
export class Client implements ParleyClient {
  readonly request: Request;
  readonly #session: Session;
  #caughtUp = false;

  constructor(parts: ClientParts) {
    this.#session = new Session(parts);
    this.request = parts.rest.request;
    this.on("caught_up", () => {
      this.#caughtUp = true;
    });
  }

  get status() {
    return this.#session.connection.status;
  }

  get userId() {
    return this.#session.chats.book.me;
  }

  ready(): Promise<void> {
    if (this.#caughtUp) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const settle = (done: () => void) => {
        for (const stop of listening) stop();
        done();
      };
      const listening = [
        this.on("caught_up", () => settle(resolve)),
        this.on("status", ({ status, why }) => {
          if (status === "refused" || status === "closed") settle(() => reject(why ?? closed()));
        }),
      ];
      if (this.status === "closed") settle(() => reject(closed()));
    });
  }

  on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void) {
    return this.#session.events.on(name, listener);
  }

  chats() {
    return this.#session.views.chats();
  }

  chat(chatId: string) {
    return this.#session.views.chat(chatId);
  }

  timeline(chatId: string) {
    return this.#session.views.timeline(chatId);
  }

  async loadOlder(chatId: string, limit = OLDER_MESSAGES): Promise<boolean> {
    const from = this.#session.chats.book.chats.get(chatId)?.timeline.run?.from ?? 1;
    if (from <= 1) return false;
    const query = { before_seq: from, limit };
    const page = await this.request("GET /v1/chat/{id}/messages", { params: { id: chatId }, query });
    this.#session.chats.takeMessages(page.messages);
    return page.hasMore;
  }

  search(text: string, filter: SearchFilter = {}) {
    return this.request("GET /v1/search", { query: { ...filter, q: text } });
  }

  unread(): number {
    return this.#session.chats.book.total;
  }

  typists(chatId: string): string[] {
    return this.#session.actions.typing.of(chatId);
  }

  send(chatId: string, draft: string | Draft): Sending {
    this.#refuseIfClosed();
    const { outbox } = this.#session;
    const { clientId } = outbox.write(chatId, typeof draft === "string" ? { content: draft } : draft);
    this.typing(chatId, false);
    const stored = outbox.entries.stored(clientId);
    // Whoever does not ask need not care; failures are told as events.
    stored.catch(() => undefined);
    return { clientId, stored: () => stored };
  }

  retry(clientId: string): void {
    this.#refuseIfClosed();
    this.#session.outbox.retry(clientId);
  }

  discard(clientId: string): void {
    this.#refuseIfClosed();
    this.#session.outbox.entries.discard(clientId);
  }

  upload(chatId: string, file: Blob | Uint8Array, options: UploadOptions = {}): Promise<FileShape> {
    if (this.status === "closed") return Promise.reject(closed());
    return this.#session.actions.upload(chatId, file, options);
  }

  edit(chatId: string, messageId: string, content: string): Promise<MessageShape> {
    return this.#take(this.#ask("edit_message", { chatId, messageId, content }));
  }

  delete(chatId: string, messageId: string): Promise<MessageShape> {
    return this.#take(this.#ask("delete_message", { chatId, messageId }));
  }

  react(chatId: string, messageId: string, emoji: string): Promise<MessageShape> {
    return this.#take(this.#ask("react", { chatId, messageId, emoji }));
  }

  unreact(chatId: string, messageId: string, emoji: string): Promise<MessageShape> {
    return this.#take(this.#ask("react", { chatId, messageId, emoji, remove: true }));
  }

  async presence(userIds: string[]) {
    return (await this.#ask("presence", { userIds })).presence;
  }

  async setPresence(status: "online" | "away"): Promise<void> {
    await this.#ask("set_presence", { status });
  }

  markRead(chatId: string, upToSeq?: number): void {
    const { chats, actions } = this.#session;
    const shown = chats.book.chats.get(chatId)?.timeline.run?.to ?? 0;
    const seq = Math.min(upToSeq ?? shown, shown);
    if (chats.read(chatId, seq)) actions.marker.mark(chatId, seq);
  }

  typing(chatId: string, typing = true): void {
    this.#session.actions.typing.tell(chatId, typing);
  }

  viewing(chatId: string, open = true): void {
    this.#session.actions.viewing.set(chatId, open);
  }

  connect(): void {
    this.#session.connection.start();
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  get #ask() {
    return this.#session.actions.ask;
  }

  async #take(asked: Promise<{ message: MessageShape }>): Promise<MessageShape> {
    const { message } = await asked;
    this.#session.chats.takeMessages([message]);
    return message;
  }

  #refuseIfClosed(): void {
    if (this.status === "closed") throw closed();
  }
}

function closed() {
  return new ParleyRefusal({ code: "closed", message: "The client was closed." });
}
