import type { ReceivedPush } from "./push-request.js";

/** Lets others follow a list that grows. */
export interface Arrivals {
  /** Says that the list has changed. */
  tell(): void;
  /** Ends all observation. */
  end(): void;
  /** Yields what the list has and what it gets. */
  observe(): AsyncIterableIterator<ReceivedPush>;
}

/** Makes what is needed to follow `received`. */
export function createArrivals(received: readonly ReceivedPush[]): Arrivals {
  let wake: () => void = () => undefined;
  let next = new Promise<void>((resolve) => {
    wake = resolve;
  });
  let ended = false;
  const tell = () => {
    wake();
    next = new Promise<void>((resolve) => {
      wake = resolve;
    });
  };
  return {
    tell,
    end: () => {
      ended = true;
      tell();
    },
    observe: async function* (): AsyncIterableIterator<ReceivedPush> {
      // The list may have been emptied in between.
      for (let place = 0; ; place = Math.min(place, received.length)) {
        for (let push = received[place]; push !== undefined; push = received[++place]) yield push;
        if (ended) return;
        await next;
      }
    },
  };
}
