import type { CallFailure } from "./call-failure.js";
import { lostConnection } from "./call-failure.js";

export interface PollOptions<Data> {
  load: () => Promise<Data>;
  everyMs: number;
  onData: (data: Data) => void;
  onFailure: (failure: CallFailure) => void;
  /** Whether nobody looks at the moment: then nothing is asked. */
  isResting: () => boolean;
}

export interface Polling {
  /** Asks now, unless an answer is under way. */
  hurry(): void;
  /** Asks now if the time for it has passed while nobody looked. */
  wake(): void;
  stop(): void;
}

const SLOWEST_MS = 30_000;

/** Asks again and again, the next time only after the answer; slower while the server has trouble. */
export function startPolling<Data>(options: PollOptions<Data>): Polling {
  const { everyMs } = options;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isAsking = false;
  let isOver = false;
  let isDue = true;
  let failures = 0;

  const pauseMs = (failure?: CallFailure) =>
    Math.max(Math.min(everyMs * 2 ** failures, Math.max(SLOWEST_MS, everyMs)), failure?.retryAfterMs ?? 0);

  const ask = async () => {
    if (isAsking || isOver) return;
    clearTimeout(timer);
    isAsking = true;
    isDue = false;
    const failure = await options.load().then(
      (data) => void (isOver || options.onData(data)),
      (error: unknown) => lostConnection(error),
    );
    isAsking = false;
    if (isOver) return;
    failures = failure === undefined ? 0 : failures + 1;
    if (failure) options.onFailure(failure);
    timer = setTimeout(wake, pauseMs(failure || undefined));
    isDue = false;
  };
  const wake = () => {
    isDue = true;
    if (!options.isResting()) void ask();
  };
  if (!options.isResting()) void ask();
  return {
    hurry: () => void ask(),
    wake: () => {
      if (isDue && !options.isResting()) void ask();
    },
    stop: () => {
      isOver = true;
      clearTimeout(timer);
    },
  };
}
