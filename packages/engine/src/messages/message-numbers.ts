import { ParleyError } from "@parley/contracts";
import { readMessageRange } from "../archive/read-message-range.js";
import type { Database } from "../database/database.js";

/** A message by its place in its chat. */
export interface MessagePlace {
  chatId: string;
  seq: number;
}

const CAPACITY = 10_000;

/** Remembers the integer names of messages by their places, for contracts that tell of a position by the message that stands there. */
export class MessageNumbers {
  readonly #database: Database;
  /** Also of those that are being read: a group's members pass the same message at about the same time. */
  readonly #numbers = new Map<string, Promise<number>>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Throws message_not_found. Says nothing about who may know of the message. */
  read(place: MessagePlace): Promise<number> {
    const key = `${place.chatId} ${place.seq}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#find(place);
    this.#numbers.set(key, number);
    number.catch(() => this.#numbers.delete(key));
    if (this.#numbers.size > CAPACITY) {
      const oldest = this.#numbers.keys().next();
      if (!oldest.done) this.#numbers.delete(oldest.value);
    }
    return number;
  }

  async #find({ chatId, seq }: MessagePlace): Promise<number> {
    const [row] = await readMessageRange(this.#database, { chatId, from: seq, to: seq });
    if (row === undefined) throw new ParleyError("message_not_found");
    return Number(row.number);
  }
}
