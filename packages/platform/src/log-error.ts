import { scrubText } from "./scrub-text.js";

/** An error as it stands in a log line. */
export interface LoggedError {
  type: string;
  message: string;
  stack?: string;
  code?: string | number;
  cause?: LoggedError;
  errors?: LoggedError[];
}

const CAUSES_FOLLOWED = 5;

/**
 * Keeps an error's type, message, code, stack and causes and nothing else: further properties of database and parser
 * errors (`detail`, `parameters`, `body`, …) hold what people wrote. Messages that quote their input lose the quotation.
 */
export function logError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error))
    return { type: typeof error, message: "Something that is no Error was thrown." };
  const message = scrubText(safeMessage(error));
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  const follow = depth < CAUSES_FOLLOWED;
  const code = (error as { code?: unknown }).code;
  return {
    type: error.name,
    message,
    ...(frames.length > 0 ? { stack: [`${error.name}: ${message}`, ...frames].join("\n") } : {}),
    ...(typeof code === "string" || typeof code === "number" ? { code } : {}),
    ...(follow && error.cause instanceof Error ? { cause: logError(error.cause, depth + 1) } : {}),
    ...(follow && error instanceof AggregateError
      ? { errors: error.errors.slice(0, CAUSES_FOLLOWED).map((one) => logError(one, depth + 1)) }
      : {}),
  };
}

function safeMessage(error: Error): string {
  const { message, name } = error;
  // Postgres class 22 (data exception) quotes the value: `invalid input syntax for type uuid: "…"`.
  if (/^22\w{3}$/.test(String((error as { code?: unknown }).code))) return message.replace(/:? ".*$/s, "");
  if (error instanceof SyntaxError) return message.replace(/"[\s\S]*"/, "…").replace(/(token) '.*?'/su, "$1");
  // Prisma's validation errors print the whole call with its arguments; the last line says what is wrong.
  if (name.startsWith("PrismaClient")) return message.trim().split("\n").at(-1) ?? name;
  return message;
}
