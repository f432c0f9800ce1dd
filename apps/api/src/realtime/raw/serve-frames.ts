import { ParleyError } from "@parley/contracts";
import type { Dialect, Fields, Said, SocketClient } from "@parley/dialects";
import { rememberUser } from "@parley/engine";
import { type Log, tracing } from "@parley/platform";
import type { RawData, WebSocket } from "ws";
import type { Authenticator } from "../../auth/create-authenticator.js";
import type { CommandSlots } from "../command-slots.js";
import type { RealtimeMetrics } from "../metrics.js";
import type { RawConnection } from "./raw-connection.js";
import { readFrame } from "./read-frame.js";

export interface FrameParts {
  dialect: Dialect;
  client: SocketClient;
  connection: RawConnection;
  authenticator: Authenticator;
  slots: CommandSlots;
  metrics: RealtimeMetrics;
  log: Log;
}

/** Frames that may wait for their turn before no more are read from the client. */
const WAITING = 32;

/**
 * Works on a client's frames one after the other, in the order in which they came, and answers each that is refused. Nothing that a
 * client sends throws out of here or ends its connection. Starts when `live` settles.
 */
export function serveFrames(socket: WebSocket, parts: FrameParts, live: Promise<void>): void {
  const { connection } = parts;
  let turn = live;
  socket.on("message", (data, isBinary) => {
    connection.heardAt = performance.now();
    const waitMs = connection.bucket.take();
    if (waitMs > 0) {
      connection.noteRefusal();
      parts.metrics.errors.inc({ code: "rate_limited" });
      connection.refuse(new ParleyError("rate_limited", { retryAfterMs: waitMs }));
      return;
    }
    connection.running++;
    if (connection.running >= WAITING) socket.pause();
    turn = turn.then(async () => {
      await serveFrame(parts, { data, isBinary });
      connection.running--;
      if (socket.isPaused && connection.running < WAITING / 2) socket.resume();
    });
  });
}

async function serveFrame(parts: FrameParts, frame: { data: RawData; isBinary: boolean }): Promise<void> {
  const { connection, dialect, metrics } = parts;
  // Its turn may come after the client has gone.
  if (!connection.open) return;
  const started = performance.now();
  let command = `${dialect.name}.unknown`;
  let fields: Fields | undefined;
  let refusal: ParleyError | undefined;
  try {
    fields = readFrame(frame.data, frame.isBinary);
    const handler = handlerOf(parts, fields);
    command = `${dialect.name}.${handler.name}`;
    const read = fields;
    const said = await tracing().run({ name: `socket ${command}`, kind: "server" }, () =>
      parts.slots.run(connection.userId, () => handler.run(read)),
    );
    connection.say(said.map((answer) => JSON.stringify(answer)));
  } catch (error) {
    refusal = asRefusal(parts, { error, command });
    connection.refuse(refusal, fields);
    metrics.errors.inc({ code: refusal.code });
  }
  const seconds = (performance.now() - started) / 1_000;
  metrics.commands.observe({ command, result: refusal === undefined ? "ok" : "refused" }, seconds);
}

/** On every dialect, because an expired token must be replaceable; no dialect has a word of its own for it. */
const REAUTHENTICATE = "reauthenticate";

function handlerOf(
  parts: FrameParts,
  fields: Fields,
): { name: string; run: (fields: Fields) => Promise<Said> } {
  const { dialect, client, connection } = parts;
  if (fields.type === REAUTHENTICATE) return { name: REAUTHENTICATE, run: (read) => renew(parts, read) };
  if (connection.expired(Date.now())) throw new ParleyError("token_expired");
  const { typeOf = ({ type }: Fields) => type, frames } = dialect.socket;
  const name = typeOf(fields);
  const handle = typeof name === "string" && Object.hasOwn(frames, name) ? frames[name] : undefined;
  if (typeof name !== "string" || handle === undefined) throw new ParleyError("unknown_event");
  return { name, run: (read) => handle(client, read) };
}

async function renew({ authenticator, connection, client }: FrameParts, { token }: Fields): Promise<Said> {
  const identity = await authenticator.authenticate(typeof token === "string" ? token : undefined);
  if (identity.userId !== connection.userId) {
    throw new ParleyError("forbidden", { message: "The fresh token belongs to another user; connect anew." });
  }
  connection.renew(identity);
  void rememberUser(client.engine, identity);
  return [{ type: "reauthenticated" }];
}

/** What is not an expected refusal is a bug: logged with where it happened, answered without detail. */
function asRefusal(
  { connection, log }: FrameParts,
  { error, command }: { error: unknown; command: string },
): ParleyError {
  if (error instanceof ParleyError) return error;
  const where = { socketId: connection.id, userId: connection.userId, command };
  log.error({ ...where, err: error }, "a frame failed unexpectedly");
  return new ParleyError("internal");
}
