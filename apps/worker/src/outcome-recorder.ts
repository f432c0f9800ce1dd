import { setTimeout as sleep } from "node:timers/promises";
import {
  type DeliveryOutcome,
  type Engine,
  type RecordedNotification,
  recordDeliveries,
} from "@parley/engine";
import type { Log } from "@parley/platform";

export interface OutcomeRecorderOptions {
  engine: Engine;
  log: Log;
  retryMs?: number;
}

const MOST_AT_ONCE = 500;
const RETRY_MS = 500;

/**
 * Keeps what became of pushes as soon as it is known: what comes while one statement is under way goes together with the next. The
 * time between a service's answer and this commit is all in which a killed worker makes a person get something twice.
 */
export class OutcomeRecorder {
  readonly #options: OutcomeRecorderOptions;
  #waiting: Array<{ outcome: DeliveryOutcome; resolve: (recorded: RecordedNotification[]) => void }> = [];
  #running: Promise<void> | undefined;

  constructor(options: OutcomeRecorderOptions) {
    this.#options = options;
  }

  /**
   * Resolves when it is stored, with what its notification has come to; in the order in which they were stored. Never rejects: without
   * Postgres it waits.
   */
  record(outcome: DeliveryOutcome): Promise<RecordedNotification[]> {
    return new Promise((resolve) => {
      this.#waiting.push({ outcome, resolve });
      this.#running ??= this.#run();
    });
  }

  async #run(): Promise<void> {
    // What ended in the same turn of the event loop goes together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MOST_AT_ONCE);
      const recorded = await this.#store(batch.map(({ outcome }) => outcome));
      const byId = new Map(recorded.map((one) => [one.id, one]));
      for (const { outcome, resolve } of batch) {
        const one = byId.get(outcome.notificationId);
        resolve(one === undefined ? [] : [one]);
      }
    }
    this.#running = undefined;
  }

  /** Giving up would have the pushes sent again. */
  async #store(outcomes: DeliveryOutcome[]): Promise<RecordedNotification[]> {
    const { engine, log, retryMs = RETRY_MS } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await recordDeliveries(engine, { outcomes });
      } catch (error) {
        if (attempt === 1)
          log.error({ err: error, pushes: outcomes.length }, "Outcomes of pushes can't be stored yet");
        await sleep(retryMs);
      }
    }
  }
}
