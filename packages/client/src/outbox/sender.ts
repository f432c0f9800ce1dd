import type { MessageShape } from "@parley/contracts";
import type { Clock } from "../clock.js";
import type { Link } from "../connection/link.js";
import { asRefusal, type ParleyRefusal } from "../refusal.js";
import { retryPause } from "../retry-pause.js";
import type { Outbox } from "./outbox.js";
import type { OutboxEntry } from "./outbox-entry.js";

export interface SenderParts {
  outbox: Outbox;
  clock: Clock;
  random: () => number;
  link(): Link | undefined;
  /** Shows the server a fresh token. */
  renew(): Promise<void>;
  onStored(message: MessageShape): void;
  onRefused(entry: OutboxEntry, why: ParleyRefusal): void;
}

/** What is over when anything else succeeds: it is said of the server, neither of its pace nor of the message. */
const PASSING = {
  database_unavailable: 1,
  keys_unavailable: 1,
  draining: 1,
  connection_lost: 1,
  timed_out: 1,
};

/** A pause before the next attempt, and what ends it early besides closing. */
interface Wait {
  end(): void;
  until: "any answer" | "a new link" | "its time";
}

/** Sends the outbox: one message of a chat at a time, so that they are stored in the order they were written. */
export class Sender {
  readonly #parts: SenderParts;
  readonly #busy = new Set<string>();
  readonly #waits = new Set<Wait>();
  #leading = false;
  #closed = false;

  constructor(parts: SenderParts) {
    this.#parts = parts;
  }

  /** From here on this client sends for all that share the outbox. */
  lead(): void {
    this.#leading = true;
    this.wake();
  }

  /** There is something to send. */
  wake(): void {
    for (const chatId of this.#parts.outbox.chats()) void this.#sendChat(chatId);
  }

  /** There is a new link: what failed on the old one is sent now, except what came too fast. */
  restart(): void {
    for (const wait of [...this.#waits]) if (wait.until !== "its time") wait.end();
    this.wake();
  }

  /** The server has done something that it was asked for, so it can do what it could not do before. */
  answered(): void {
    for (const wait of [...this.#waits]) if (wait.until === "any answer") wait.end();
  }

  close(): void {
    this.#closed = true;
    for (const wait of [...this.#waits]) wait.end();
  }

  async #sendChat(chatId: string): Promise<void> {
    if (this.#busy.has(chatId)) return;
    this.#busy.add(chatId);
    for (let failures = 0; this.#leading && !this.#closed; ) {
      const link = this.#parts.link();
      const entry = this.#parts.outbox.next(chatId);
      if (link === undefined || entry === undefined) break;
      const why = await this.#send(link, entry);
      // A lost link needs no patience: the next one restarts the sender.
      if (why !== undefined && this.#parts.link() !== undefined) await this.#wait(why, failures);
      failures = why === undefined ? 0 : failures + 1;
    }
    this.#busy.delete(chatId);
  }

  /** Resolves with why it is to be tried again; with nothing when it is done with, one way or the other. */
  async #send(link: Link, entry: OutboxEntry): Promise<ParleyRefusal | undefined> {
    const { chatId, clientId, draft } = entry;
    try {
      const message = { ...draft, client_id: clientId };
      this.#parts.onStored((await link.ask("send_message", { chatId, message })).message);
      return undefined;
    } catch (error) {
      const why = asRefusal(error);
      if (why.unauthenticated) await this.#parts.renew().catch(() => undefined);
      if (why.unauthenticated || why.retryable) return why;
      this.#parts.onRefused(entry, why);
      return undefined;
    }
  }

  #wait(why: ParleyRefusal, failures: number): Promise<void> {
    const { clock, random } = this.#parts;
    return new Promise((resolve) => {
      const end = () => {
        cancel();
        this.#waits.delete(wait);
        resolve();
      };
      const wait = { end, until: endOf(why) };
      const cancel = clock.after(retryPause(why, { failures, random }), end);
      this.#waits.add(wait);
    });
  }
}

function endOf(why: ParleyRefusal): Wait["until"] {
  if (why.code in PASSING || why.unauthenticated) return "any answer";
  return why.retryAfterMs === undefined ? "a new link" : "its time";
}
