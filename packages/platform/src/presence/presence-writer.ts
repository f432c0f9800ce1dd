import { setImmediate as turn } from "node:timers/promises";
import type { PresenceState } from "./presence-state.js";
import {
  PRESENCE_BATCH,
  type PresenceOutcome,
  type PresencePart,
  type PresenceStore,
} from "./presence-store.js";
import type { PresentUsers } from "./presence-users.js";

export interface PresenceWriterOptions {
  store: PresenceStore;
  users: PresentUsers;
  tell: (state: PresenceState) => void;
  /** A call failed: what it did is unknown, and nothing more is written until the next `flush`. */
  onFailure: (error: unknown) => void;
  /** This node's lease had run out, so that others may have withdrawn users whom this call did not touch. */
  onLeaseLost: () => void;
}

/** Carries this node's part of presence to Redis: one call at a time, and what changed meanwhile goes together in the next. */
export class PresenceWriter {
  readonly #options: PresenceWriterOptions;
  readonly #marked = new Set<string>();
  #running: Promise<boolean> | null = null;
  #isPaused = true;

  constructor(options: PresenceWriterOptions) {
    this.#options = options;
  }

  /** The user's status here must be written. */
  mark(userId: string): void {
    this.#marked.add(userId);
    if (!this.#isPaused) void this.flush();
  }

  markAll(): void {
    for (const userId of this.#options.users.ids()) this.#marked.add(userId);
  }

  /** Writes all marked users; later marks are written by themselves until a call fails. Never rejects; false: a call failed. */
  flush(): Promise<boolean> {
    this.#isPaused = false;
    this.#running ??= this.#run();
    return this.#running;
  }

  async #run(): Promise<boolean> {
    // What happens in one turn of the event loop goes together.
    await turn();
    let works = true;
    while (works && this.#marked.size > 0) works = await this.#writeBatch();
    this.#isPaused = !works;
    this.#running = null;
    return works;
  }

  async #writeBatch(): Promise<boolean> {
    const { store, users, onFailure, onLeaseLost } = this.#options;
    if (!store.isReady) return false;
    const batch = this.#take();
    try {
      const { held, outcomes } = await store.write(batch);
      for (const outcome of outcomes) this.#settle(outcome);
      for (const { userId, status } of batch) {
        if (status === "offline" && !this.#marked.has(userId)) users.forget(userId);
      }
      if (!held) onLeaseLost();
      return true;
    } catch (error) {
      for (const { userId } of batch) {
        this.#marked.add(userId);
        const user = users.get(userId);
        if (user === undefined) users.doubt(userId);
        else user.isUnsure = true;
      }
      onFailure(error);
      return false;
    }
  }

  #take(): PresencePart[] {
    const { users } = this.#options;
    const batch: PresencePart[] = [];
    const now = performance.now();
    for (const userId of this.#marked) {
      const leftMsAgo = now - (users.get(userId)?.leftAt ?? now);
      batch.push({ userId, status: users.statusOf(userId), leftMsAgo });
      this.#marked.delete(userId);
      if (batch.length === PRESENCE_BATCH) break;
    }
    return batch;
  }

  #settle({ before, ...state }: PresenceOutcome): void {
    const user = this.#options.users.get(state.userId);
    const told = user?.told ?? "offline";
    // An emptied Redis is no news: what counts is what was told before.
    const isNews = state.status !== (before ?? told) || (user?.isUnsure === true && state.status !== told);
    if (user !== undefined) {
      user.told = state.status;
      user.isUnsure = false;
    }
    if (isNews) this.#options.tell(state);
  }
}
