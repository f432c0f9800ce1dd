import { startProblem } from "./start-problem.js";

/** A process that has started. */
export interface Running {
  /** Stops taking work, finishes what is under way and closes everything. */
  stop(reason: string): Promise<void>;
}

/** As much of a logger as a process's life needs. */
export interface ProcessLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
  fatal(fields: object, message: string): void;
}

export interface ProcessOptions {
  /** The program: `api`, `worker`, … */
  name: string;
  log?: ProcessLog;
  start: () => Promise<Running>;
  /** How long stopping may take; 30 s when left out. */
  stopMs?: number;
}

interface Ending {
  reason: string;
  withinMs: number;
  exitCode: 0 | 1;
}

const STOP_MS = 30_000;
const STOP_AFTER_CRASH_MS = 5_000;
const HURRIED_STOP_MS = 2_000;
/** A terminal and the parent process may both pass on one Ctrl-C: that is one signal. */
const SAME_SIGNAL_MS = 1_000;

/**
 * Runs a program until it is told to stop. SIGTERM and SIGINT stop it in order: exit code 0, or 1 when that takes longer than 30 s; a
 * further signal leaves it 2 s more. An error that nobody caught is logged, leaves 5 s for stopping, and gives exit code 1, as does a failed
 * start, which is told in one line on stderr. With PARLEY_PARENT_PIPE=1 the end of stdin means that the parent has died.
 */
export function runProcess({ name, log, start, stopMs = STOP_MS }: ProcessOptions): void {
  // So that an error thrown before the first wait is a failed start too.
  const starting = Promise.resolve().then(start);
  const end = ender({ name, log, running: starting });
  let signalled = 0;

  const onSignal = (signal: NodeJS.Signals) => {
    const first = signalled === 0;
    if (!first && performance.now() - signalled < SAME_SIGNAL_MS) return;
    signalled = performance.now();
    end({ reason: signal, withinMs: first ? stopMs : HURRIED_STOP_MS, exitCode: 0 });
  };
  const onCrash = (error: unknown, origin: string) => {
    tell(log, { error, text: `${name} is stopping because of a fault that nothing caught (${origin})` });
    end({ reason: origin, withinMs: STOP_AFTER_CRASH_MS, exitCode: 1 });
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  process.on("uncaughtException", onCrash);
  process.on("unhandledRejection", (error) => onCrash(error, "unhandledRejection"));
  if (process.env.PARLEY_PARENT_PIPE === "1")
    watchParent(() => end({ reason: "parent ended", withinMs: stopMs, exitCode: 0 }));

  starting.catch((error: unknown) => {
    const text = `${name} could not start: ${startProblem(error)}`;
    log?.fatal({ err: error }, text);
    process.stderr.write(`${text}\n`, () => process.exit(1));
  });
}

/** The first call stops the program; each further one can only shorten the time it has and worsen the exit code. */
function ender({
  name,
  log,
  running,
}: {
  name: string;
  log: ProcessLog | undefined;
  running: Promise<Running>;
}) {
  let exitCode = 0;
  let deadline = Number.POSITIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  const giveUp = () => {
    log?.error({}, `${name} did not stop in time: leaving it as it is`);
    process.exit(1);
  };
  const stop = async (reason: string) => {
    log?.info({ reason }, `${name} is stopping`);
    try {
      await (await running).stop(reason);
      log?.info({ reason }, `${name} has stopped`);
    } catch (error) {
      log?.error({ err: error }, `${name} did not stop in order`);
      exitCode = 1;
    }
    process.exit(exitCode);
  };

  return (ending: Ending) => {
    const isFirst = timer === undefined;
    exitCode = Math.max(exitCode, ending.exitCode);
    const due = performance.now() + ending.withinMs;
    if (due < deadline) {
      deadline = due;
      clearTimeout(timer);
      timer = setTimeout(giveUp, ending.withinMs);
    }
    if (isFirst) void stop(ending.reason);
  };
}

function tell(log: ProcessLog | undefined, { error, text }: { error: unknown; text: string }): void {
  if (log) log.fatal({ err: error }, text);
  else process.stderr.write(`${text}: ${startProblem(error)}\n`);
}

function watchParent(onEnd: () => void): void {
  process.stdin.on("end", onEnd).on("close", onEnd).on("error", onEnd).resume();
  // Watching must not be what keeps the program alive.
  if ("unref" in process.stdin) process.stdin.unref();
}
