import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { ParleyError } from "@parley/contracts";
import type { Dialect } from "@parley/dialects";

/** How long one who was refused has to close the connection. Milliseconds. */
const LINGER_MS = 5_000;

/** Answers a handshake with a failure instead of a connection, which is over soon after, whatever the client does. */
export function refuseUpgrade(socket: Duplex, dialect: Dialect | undefined, refusal: ParleyError): void {
  const { status, body } =
    dialect === undefined
      ? { status: refusal.status, body: { code: refusal.code, message: refusal.message } }
      : dialect.errors[refusal.kind](refusal);
  const text = JSON.stringify(body);
  const retryAfter =
    refusal.retryAfterMs === undefined ? [] : [`Retry-After: ${Math.ceil(refusal.retryAfterMs / 1_000)}`];
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
      "Connection: close",
      "Sec-WebSocket-Version: 13",
      "Content-Type: application/json; charset=utf-8",
      `Content-Length: ${Buffer.byteLength(text)}`,
      ...retryAfter,
      "",
      text,
    ].join("\r\n"),
  );
  letGo(socket);
}

/** What is not read never ends, and closed at once it might take the answer along. */
function letGo(socket: Duplex): void {
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once("close", () => clearTimeout(timer));
}
