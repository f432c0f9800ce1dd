import type { MessageShape } from "@parley/contracts";
import type { ClientEvents } from "../client-events.js";
import type { Clock } from "../clock.js";
import type { Link } from "../connection/link.js";
import type { Emitter } from "../emitter.js";
import { ParleyRefusal } from "../refusal.js";
import type { Shelf } from "../store/shelf.js";
import type { StoreMembership } from "../store/store.js";
import { makeClientId } from "./make-client-id.js";
import { Outbox } from "./outbox.js";
import { type Draft, isOutboxNote, type OutboxEntry } from "./outbox-entry.js";
import { Sender } from "./sender.js";

export interface SharedOutboxParts {
  shelf: Shelf;
  clock: Clock;
  random: () => number;
  events: Emitter<ClientEvents>;
  link(): Link | undefined;
  renew(): Promise<void>;
  /** A message of mine is stored. */
  onStored(message: MessageShape): void;
  onChange(chatId: string): void;
  /** This client leads from here on. `alone`: it may keep what others would otherwise keep too. */
  onLead(alone: boolean, kept: Map<string, unknown>): void;
}

const KEY = "outbox:";

/** The outbox of one user: of all tabs that share a store, one sends, and all know. */
export class SharedOutbox {
  readonly entries: Outbox;
  readonly #parts: SharedOutboxParts;
  readonly #sender: Sender;
  #membership: StoreMembership | undefined;
  #leading = false;
  #closed = false;
  #lastAt = 0;

  constructor(parts: SharedOutboxParts) {
    this.#parts = parts;
    this.entries = new Outbox({
      keep: (clientId, entry) => void parts.shelf.save([[KEY + clientId, entry]]),
      tell: (note) => this.#membership?.tell(note),
      onChange: parts.onChange,
    });
    this.#sender = new Sender({
      ...parts,
      outbox: this.entries,
      onStored: (message) => {
        this.settle(message);
        parts.onStored(message);
      },
      onRefused: (entry, why) => {
        this.entries.fail(entry.clientId, why);
        this.#tellFailure(entry, why);
      },
    });
  }

  /** Takes in what is kept, and a share in the store. */
  start(kept: Map<string, unknown>): void {
    this.#restore(kept);
    this.#membership = this.#parts.shelf.join({
      lead: (alone) => void this.#lead(alone),
      hear: (note) => this.#hear(note),
    });
  }

  write(chatId: string, draft: Draft): OutboxEntry {
    // Never equal and never back, whatever the clock does: it is the order of the line.
    this.#lastAt = Math.max(this.#parts.clock.now(), this.#lastAt + 1);
    const entry = { clientId: makeClientId(), chatId, draft, at: this.#lastAt };
    this.entries.write(entry);
    this.#sender.wake();
    return entry;
  }

  retry(clientId: string): void {
    const entry = this.entries.get(clientId);
    if (entry?.failed === undefined) return;
    const { failed: _why, ...fresh } = entry;
    this.entries.write(fresh);
    this.#sender.wake();
  }

  /** A message of mine is stored, however that was learnt. */
  settle(message: MessageShape): void {
    if (this.entries.settle(message) && this.#leading) this.entries.publish(message);
  }

  /** There is a new link. */
  restart(): void {
    this.#sender.restart();
  }

  /** The server has answered something else. */
  answered(): void {
    this.#sender.answered();
  }

  close(): void {
    this.#closed = true;
    this.#sender.close();
    this.entries.close();
  }

  /** Lets another client lead. */
  leave(): void {
    this.#membership?.leave();
    this.#membership = undefined;
  }

  async #lead(alone: boolean): Promise<void> {
    const kept = await this.#parts.shelf.load();
    if (this.#closed) return;
    this.#leading = true;
    this.#restore(kept);
    this.#sender.lead();
    this.#parts.onLead(alone, kept);
  }

  #restore(kept: Map<string, unknown>): void {
    for (const [key, value] of kept) {
      if (!key.startsWith(KEY)) continue;
      const entry = value as OutboxEntry;
      this.#lastAt = Math.max(this.#lastAt, entry.at);
      this.entries.restore(entry);
    }
  }

  #hear(note: unknown): void {
    if (!isOutboxNote(note)) return;
    this.entries.hear(note);
    if (note.type === "stored") this.#parts.onStored(note.message);
    if (note.type !== "written") return;
    const { entry } = note;
    if (entry.failed !== undefined) this.#tellFailure(entry, new ParleyRefusal(entry.failed));
    this.#sender.wake();
  }

  #tellFailure({ chatId, clientId }: OutboxEntry, why: ParleyRefusal): void {
    this.#parts.events.emit("message_failed", { chatId, clientId, why });
  }
}
