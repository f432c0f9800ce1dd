/**
 * Turns Ctrl-C, SIGTERM and a closed terminal into two AbortSignals: `signal` at the first, `hurry` at the second.
 * One key press may reach the process twice (from the terminal and from npm), so what follows within half a second counts as the same.
 */
export function watchInterruption() {
  const stop = new AbortController();
  const hurry = new AbortController();
  let firstAt = 0;
  const onSignal = (name) => {
    if (!stop.signal.aborted) {
      firstAt = Date.now();
      stop.abort(new Interrupted(name));
    } else if (Date.now() - firstAt > 500) {
      hurry.abort(new Interrupted(name));
    }
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, onSignal);
  return { signal: stop.signal, hurry: hurry.signal };
}

/** Why a set-up ended early: the person asked for it. */
export class Interrupted extends Error {
  constructor(name) {
    super(`stopped by ${name}`);
    this.exitCode = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[name] ?? 1;
  }
}
