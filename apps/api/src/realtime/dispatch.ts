import {
  bothSpellings,
  COMMAND_CATALOGUE,
  type CommandName,
  type ErrorCode,
  type FieldError,
  ParleyError,
} from "@parley/contracts";
import { type Log, tracing } from "@parley/platform";
import type { z } from "zod";
import type { CommandSlots } from "./command-slots.js";
import { COMMANDS } from "./commands/catalogue.js";
import type { CommandContext, CommandHandler } from "./commands/command-context.js";
import { frame } from "./outbound.js";

export interface DispatchHooks {
  log: Log;
  slots: CommandSlots;
  onResult: (name: CommandName | "unknown", result: { code?: ErrorCode; seconds: number }) => void;
}

/** They wait together and share commits; so they are bounded by the writers' queues, and take no slot. */
const SHARES_COMMITS: ReadonlySet<CommandName> = new Set([
  "send_message",
  "mark_messages_read",
  "mark_delivered",
]);

type Acknowledge = (answer: Record<string, unknown>) => void;

/**
 * Takes one event from a native client: finds its command, checks it, runs it, and answers in every case; with the
 * acknowledgement if the client asked for one, else failures as an `error` event. Never throws, never closes the connection.
 */
export async function dispatch(
  context: CommandContext & DispatchHooks,
  event: { name: string; args: unknown[] },
): Promise<void> {
  const { connection } = context;
  // Who does not read gets no more to read.
  if (!connection.keepsUp()) return;
  const acknowledge = event.args.at(-1);
  const input = typeof acknowledge === "function" ? event.args.slice(0, -1) : event.args;
  const name = isCommand(event.name) ? event.name : "unknown";
  const started = performance.now();
  connection.running++;
  try {
    const result = await tracing().run({ name: `socket ${name}`, kind: "server" }, () =>
      runCommand(context, { name: event.name, input: input[0] }),
    );
    context.onResult(name, { seconds: (performance.now() - started) / 1_000 });
    if (typeof acknowledge === "function") (acknowledge as Acknowledge)({ ok: true, ...result });
  } catch (error) {
    const refusal = asRefusal(context, { error, name: event.name });
    context.onResult(name, { code: refusal.code, seconds: (performance.now() - started) / 1_000 });
    const shape = presentError(refusal);
    if (typeof acknowledge === "function") (acknowledge as Acknowledge)({ ok: false, error: shape });
    else connection.deliver(frame("error", shape));
  } finally {
    connection.running--;
    // Acknowledgements wait beside everything else that the client does not read.
    connection.keepsUp();
  }
}

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}

async function runCommand(
  context: CommandContext & DispatchHooks,
  event: { name: string; input: unknown },
): Promise<Record<string, unknown>> {
  const { connection } = context;
  const waitMs = connection.bucket.take();
  if (waitMs > 0) {
    connection.noteRefusal();
    throw new ParleyError("rate_limited", { retryAfterMs: waitMs });
  }
  if (!isCommand(event.name)) throw new ParleyError("unknown_event");
  if (event.name !== "reauthenticate" && connection.expired(Date.now()))
    throw new ParleyError("token_expired");
  const parsed = COMMAND_CATALOGUE[event.name].input.safeParse(bothSpellings(event.input ?? {}));
  if (!parsed.success) throw new ParleyError("invalid_input", { errors: fieldErrors(parsed.error) });
  const handler = COMMANDS[event.name] as CommandHandler<CommandName>;
  const work = async () => {
    // Their turn may come after they have gone.
    if (!connection.open) throw new ParleyError("draining");
    return handler(context, parsed.data as never);
  };
  return SHARES_COMMITS.has(event.name) ? work() : context.slots.run(connection.userId, work);
}

function fieldErrors(error: z.core.$ZodError): FieldError[] {
  return error.issues.map((issue) => ({ path: issue.path.map(String).join("."), message: issue.message }));
}

/** What is not an expected refusal is a bug: logged with where it happened, answered without detail. */
function asRefusal(
  context: CommandContext & DispatchHooks,
  fault: { error: unknown; name: string },
): ParleyError {
  if (fault.error instanceof ParleyError) return fault.error;
  const { connection, log } = context;
  const where = { socketId: connection.id, userId: connection.userId, event: fault.name };
  log.error({ ...where, err: fault.error }, "a command failed unexpectedly");
  return new ParleyError("internal");
}

function presentError(refusal: ParleyError) {
  const { code, message, retryAfterMs, errors } = refusal;
  return {
    code,
    message,
    ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }),
    ...(errors === undefined ? {} : { errors }),
  };
}
