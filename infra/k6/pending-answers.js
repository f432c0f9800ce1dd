import { clearTimeout, setTimeout } from "k6/timers";

/** A send that was told no; `retryAfterMs` where it was told when to come again, `code` in the contract's words. */
export class Refused extends Error {
  constructor(told, retryAfterMs) {
    super(`refused: ${JSON.stringify(told)}`);
    this.code = told?.code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The connection ended before the answer came: whether the send was stored is open. */
export class ConnectionLost extends Error {}

/** The connection stands, and no answer came in time. */
export class Unanswered extends Error {}

/** What a connection waits for: `wait` for a frame that fits, `offer` each frame that arrives, `fail` when the connection is gone. */
export function createPendingAnswers(patienceMs) {
  const pending = new Set();
  const settle = (entry) => {
    pending.delete(entry);
    // A timer that is left keeps k6's iteration from ending.
    clearTimeout(entry.timer);
  };
  return {
    wait: (fits, what) =>
      new Promise((resolve, reject) => {
        const entry = { fits, resolve, reject };
        entry.timer = setTimeout(() => {
          settle(entry);
          reject(new Unanswered(`${what} was not answered within ${patienceMs} ms`));
        }, patienceMs);
        pending.add(entry);
      }),
    offer(frame) {
      for (const entry of [...pending]) {
        if (!entry.fits(frame)) continue;
        settle(entry);
        entry.resolve(frame);
      }
    },
    fail(error) {
      for (const entry of [...pending]) {
        settle(entry);
        entry.reject(error);
      }
    },
  };
}
