import { type Actor, ParleyError } from "@parley/contracts";
import { type Engine, markDelivered } from "@parley/engine";
import type { Log } from "@parley/platform";

export interface DeliveryMarksOptions {
  engine: Engine;
  log: Log;
}

interface Place {
  chatId: string;
  seq: number;
}

/**
 * Marks messages as delivered for clients that can't say so themselves. One mark of a member and chat is under way at a time, and takes
 * everything along that came meanwhile. A mark that fails is not repeated: the next message's moves the position past this one.
 */
export class DeliveryMarks {
  readonly #options: DeliveryMarksOptions;
  /** The newest message of each member and chat that has a mark under way. */
  readonly #newest = new Map<string, number>();

  constructor({ engine, log }: DeliveryMarksOptions) {
    this.#options = { engine, log };
  }

  /** Never throws and never waits. */
  mark(actor: Actor, { chatId, seq }: Place): void {
    const key = `${chatId} ${actor.userId}`;
    const newest = this.#newest.get(key);
    this.#newest.set(key, Math.max(seq, newest ?? 0));
    if (newest === undefined) void this.#work(key, { actor, chatId });
  }

  async #work(key: string, member: { actor: Actor; chatId: string }): Promise<void> {
    let marked = 0;
    for (let seq = this.#newest.get(key) ?? 0; seq > marked; seq = this.#newest.get(key) ?? 0) {
      marked = seq;
      await this.#markUpTo({ ...member, seq });
    }
    this.#newest.delete(key);
  }

  async #markUpTo(input: Place & { actor: Actor }): Promise<void> {
    const { engine, log } = this.#options;
    try {
      await markDelivered(engine, input);
    } catch (error) {
      // Who was taken out of the chat meanwhile has no position any more.
      if (error instanceof ParleyError && error.kind !== "unavailable") return;
      log.warn({ err: error, userId: input.actor.userId, chatId: input.chatId }, "could not mark a delivery");
    }
  }
}
