import { ParleyError } from "@parley/contracts";

interface Line {
  last: Promise<unknown>;
  length: number;
}

/** Changes of one chat that may wait in one process. */
const LONGEST_LINE = 200;

/** Lets the slower changes of a chat in one after the other, so that a crowd on one chat does not take every database connection. */
export class ChatTurns {
  readonly #lines = new Map<string, Line>();

  /** Runs the work when its turn has come. Throws overloaded when too many wait already. */
  take<Result>(chatId: string, work: () => Promise<Result>): Promise<Result> {
    const line = this.#lines.get(chatId) ?? { last: Promise.resolve(), length: 0 };
    if (line.length >= LONGEST_LINE) {
      return Promise.reject(new ParleyError("overloaded", { retryAfterMs: 1_000 }));
    }
    this.#lines.set(chatId, line);
    line.length++;
    const turn = line.last.then(work, work);
    line.last = turn.catch(() => undefined);
    return turn.finally(() => {
      line.length--;
      if (line.length === 0) this.#lines.delete(chatId);
    });
  }
}
