import type { MessageShape } from "@parley/contracts";
import { ParleyRefusal } from "../refusal.js";
import type { OutboxEntry, OutboxNote } from "./outbox-entry.js";

export interface OutboxParts {
  /** Keeps an entry, or forgets it, across reloads. */
  keep(clientId: string, entry: OutboxEntry | undefined): void;
  /** Tells the clients that share the outbox. */
  tell(note: OutboxNote): void;
  /** A chat's entries changed. */
  onChange(chatId: string): void;
}

interface Waiter {
  resolve(message: MessageShape): void;
  reject(why: ParleyRefusal): void;
}

interface Held {
  entry: OutboxEntry;
  /** Stored on the server, but perhaps not shown yet: until then the entry stands for it. */
  stored?: MessageShape;
}

/** What I wrote and the server has not confirmed, in the order of writing. */
export class Outbox {
  readonly #parts: OutboxParts;
  readonly #held = new Map<string, Held>();
  readonly #waiters = new Map<string, Waiter[]>();
  #closed: ParleyRefusal | undefined;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  /** Takes in what an earlier session, or another tab, has written. */
  restore(entry: OutboxEntry): void {
    if (this.#held.has(entry.clientId)) return;
    this.#held.set(entry.clientId, { entry });
    this.#parts.onChange(entry.chatId);
  }

  /** Puts an entry in, or changes it. */
  write(entry: OutboxEntry): void {
    this.#replace(entry);
    this.#parts.keep(entry.clientId, entry);
    this.#parts.tell({ type: "written", entry });
  }

  /** What another tab told. */
  hear(note: OutboxNote): void {
    if (note.type === "written") this.#replace(note.entry);
    else if (note.type === "stored") this.settle(note.message);
    else this.#remove(note.clientId);
  }

  /** The server refuses it for good. */
  fail(clientId: string, why: ParleyRefusal): void {
    const held = this.#held.get(clientId);
    if (held === undefined) return;
    this.write({ ...held.entry, failed: { code: why.code, message: why.message } });
  }

  /** The server has stored it. True when that was news. */
  settle(message: MessageShape): boolean {
    const held = this.#held.get(message.client_id ?? "");
    if (held === undefined || held.stored !== undefined || held.entry.chatId !== message.chat_id)
      return false;
    held.stored = message;
    this.#answer(held.entry.clientId, (waiter) => waiter.resolve(message));
    this.#parts.onChange(message.chat_id);
    return true;
  }

  /** Forgets a settled entry on disk and in the other tabs. */
  publish(message: MessageShape): void {
    if (message.client_id === undefined) return;
    this.#parts.keep(message.client_id, undefined);
    this.#parts.tell({ type: "stored", message });
  }

  discard(clientId: string): void {
    this.#remove(clientId);
    this.#parts.keep(clientId, undefined);
    this.#parts.tell({ type: "discarded", clientId });
  }

  /** Drops entries of a chat whose messages are shown now, or lie in the past. */
  clear(chatId: string, shownTo: number): void {
    for (const [clientId, { entry, stored }] of this.#held) {
      if (entry.chatId === chatId && stored !== undefined && stored.seq <= shownTo)
        this.#held.delete(clientId);
    }
  }

  get(clientId: string): OutboxEntry | undefined {
    return this.#held.get(clientId)?.entry;
  }

  /** A chat's entries, oldest first. */
  of(chatId: string): OutboxEntry[] {
    const entries: OutboxEntry[] = [];
    for (const { entry } of this.#held.values()) if (entry.chatId === chatId) entries.push(entry);
    return entries.sort((left, right) => left.at - right.at || (left.clientId < right.clientId ? -1 : 1));
  }

  /** The entry whose turn it is. */
  next(chatId: string): OutboxEntry | undefined {
    return this.of(chatId).find((entry) => this.#waits(entry.clientId));
  }

  /** The chats with something to send. */
  chats(): Set<string> {
    const chats = new Set<string>();
    for (const { entry } of this.#held.values()) if (this.#waits(entry.clientId)) chats.add(entry.chatId);
    return chats;
  }

  /** Resolves with the stored message. */
  stored(clientId: string): Promise<MessageShape> {
    const held = this.#held.get(clientId);
    if (held?.stored !== undefined) return Promise.resolve(held.stored);
    if (held?.entry.failed !== undefined) return Promise.reject(new ParleyRefusal(held.entry.failed));
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => {
      this.#waiters.set(clientId, [...(this.#waiters.get(clientId) ?? []), { resolve, reject }]);
    });
  }

  close(): void {
    const why = new ParleyRefusal({ code: "closed", message: "The client was closed." });
    this.#closed = why;
    for (const clientId of [...this.#waiters.keys()]) this.#answer(clientId, (waiter) => waiter.reject(why));
  }

  #waits(clientId: string): boolean {
    const held = this.#held.get(clientId);
    return held !== undefined && held.stored === undefined && held.entry.failed === undefined;
  }

  #replace(entry: OutboxEntry): void {
    const { clientId, chatId, failed } = entry;
    const stored = this.#held.get(clientId)?.stored;
    this.#held.set(clientId, stored === undefined ? { entry } : { entry, stored });
    if (failed !== undefined) this.#answer(clientId, (waiter) => waiter.reject(new ParleyRefusal(failed)));
    this.#parts.onChange(chatId);
  }

  #remove(clientId: string): void {
    const held = this.#held.get(clientId);
    if (held === undefined) return;
    this.#held.delete(clientId);
    const message = "The message was discarded before it was stored.";
    this.#answer(clientId, (waiter) => waiter.reject(new ParleyRefusal({ code: "discarded", message })));
    this.#parts.onChange(held.entry.chatId);
  }

  #answer(clientId: string, tell: (waiter: Waiter) => void): void {
    const waiters = this.#waiters.get(clientId) ?? [];
    this.#waiters.delete(clientId);
    for (const waiter of waiters) tell(waiter);
  }
}
