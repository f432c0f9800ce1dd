import { type Bindings, type DestinationStream, type LogFn, type Logger, pino } from "pino";
import { keepPrivate } from "./keep-private.js";
import { logError } from "./log-error.js";
import { tracing } from "./tracing/tracing.js";

export type { Logger } from "pino";

/** As much of a logger as the platform's parts need. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface LoggerOptions {
  level: string;
  /** The node's name, on every line. */
  node: string;
  /** The program: `api`, `worker`, … */
  name: string;
  /** Where the lines go; stdout when left out. */
  destination?: DestinationStream;
}

/**
 * Makes a process's JSON logger: one object a line, ISO times, and neither secrets nor message texts, whoever logs them
 * by accident. Errors belong under `err` (or `error`).
 */
export function createLogger({ level, node, name, destination }: LoggerOptions): Logger {
  const options = {
    level,
    name,
    base: { node, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: (error: unknown) => logError(error), error: (error: unknown) => logError(error) },
    hooks: { logMethod: logSafely },
    mixin: traceFields,
    formatters: { level: (label: string) => ({ level: label }), log: keepPrivate },
  };
  const log = destination ? pino(options, destination) : pino(options);
  // Children inherit this method, and pino has no other way to look at what they are bound to.
  const { child } = log;
  log.child = function (this: Logger, bindings: Bindings, ...rest: []) {
    return child.call(this, keepPrivate(bindings), ...rest);
  } as Logger["child"];
  return log;
}

/** Without a message of its own, pino takes the error's as it is: put the safe form there instead. */
function logSafely(this: Logger, args: Parameters<LogFn>, method: LogFn): void {
  const [first, message] = args as [unknown, unknown?, ...unknown[]];
  const fields = first instanceof Error ? { err: first } : (first as { err?: unknown } | undefined);
  const hasNoMessage = message === undefined && fields?.err instanceof Error;
  if (hasNoMessage) method.call(this, fields, logError(fields.err).message);
  else if (first instanceof Error) method.call(this, fields, String(message));
  else method.apply(this, args);
}

/** Where the line belongs to a request that is traced. */
function traceFields(): { trace_id?: string } {
  const id = tracing().traceId();
  return id === undefined ? {} : { trace_id: id };
}
