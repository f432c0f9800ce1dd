import { get } from "node:http";

export interface ReadinessWatchOptions {
  host: string;
  port: number;
  /** Time between two questions, in milliseconds. */
  intervalMs: number;
  /** Gets each change, and the answer to each doubt. */
  onChange: (ready: boolean) => void;
}

export interface ReadinessWatch {
  /** Takes the server for not ready, and asks now instead of at the next interval. */
  doubt(): void;
  stop(): void;
}

const answerWithinMs = 2_000;
/** A busy node may be late once; a refused connection or a plain "not ready" counts at once. */
const lateAnswersAllowed = 1;

/** Asks a server's `GET /readyz` again and again; ready means it answered 200. Starts as not ready. */
export function watchReadiness(options: ReadinessWatchOptions): ReadinessWatch {
  let ready = false;
  let late = 0;
  let asking = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const conclude = (answer: "ready" | "not ready" | "late") => {
    asking = false;
    if (stopped) return;
    late = answer === "late" ? late + 1 : 0;
    const now = answer === "ready" || (answer === "late" && ready && late <= lateAnswersAllowed);
    if (now !== ready) options.onChange(now);
    ready = now;
    timer = setTimeout(check, options.intervalMs);
  };
  const check = () => {
    if (asking || stopped) return;
    asking = true;
    clearTimeout(timer);
    void ask(options).then(conclude);
  };
  check();
  return {
    doubt: () => {
      ready = false;
      check();
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function ask({ host, port }: { host: string; port: number }): Promise<"ready" | "not ready" | "late"> {
  return new Promise((resolve) => {
    const request = get(
      { host, port, path: "/readyz", agent: false, timeout: answerWithinMs },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200 ? "ready" : "not ready");
      },
    );
    request.on("timeout", () => {
      resolve("late");
      request.destroy();
    });
    request.on("error", () => resolve("not ready"));
  });
}
