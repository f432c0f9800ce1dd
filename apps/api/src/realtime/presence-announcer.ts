import { announcePresence, chatPartners, type Engine } from "@parley/engine";
import type { Log, PresenceState } from "@parley/platform";

export interface PresenceAnnouncerOptions {
  engine: Engine;
  log: Log;
}

/** Changes that come within so long are told together: when a node goes, thousands come and go at once. */
const WAIT_MS = 50;
const BATCH = 200;

/** Tells those who share a chat with somebody that they came or went: one query and one packet for many changes, and only the newest of each user. */
export class PresenceAnnouncer {
  readonly #options: PresenceAnnouncerOptions;
  readonly #due = new Map<string, PresenceState>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: PresenceAnnouncerOptions) {
    this.#options = options;
  }

  tell(state: PresenceState): void {
    this.#due.set(state.userId, state);
    this.#timer ??= setTimeout(() => void this.flush(), WAIT_MS);
  }

  /** Resolves when everything has been told, or could not be. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running = this.#running.then(() => this.#tellAll());
    return this.#running;
  }

  async #tellAll(): Promise<void> {
    while (this.#due.size > 0) {
      const states = [...this.#due.values()].slice(0, BATCH);
      for (const { userId } of states) this.#due.delete(userId);
      await this.#tellBatch(states);
    }
  }

  async #tellBatch(states: PresenceState[]): Promise<void> {
    const { engine, log } = this.#options;
    try {
      const userIds = states.map(({ userId }) => userId);
      const partners = await chatPartners(engine, userIds);
      announcePresence(
        engine,
        states.map((state) => ({
          audience: partners.get(state.userId) ?? [],
          body: { name: "presence.changed", ...state },
        })),
      );
    } catch (error) {
      log.warn({ err: error, users: states.length }, "could not tell changes of presence");
    }
  }
}
