import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { ChatSocket } from "./socket-types.js";

/**
 * What one turn of the event loop has for a client goes out with one system call: an answer with the news that it made, or the ten
 * messages of one commit. System calls are the largest part of what a delivery costs.
 */

/** Private in Engine.IO's types: the only place through which everything goes that is written to a client. */
interface EngineSocket {
  flush(): void;
  transport: { socket?: WebSocketInside };
  isGathering?: boolean;
}

/** Private in the types of `ws`. */
type WebSocketInside = WebSocket & { _socket?: Duplex | null };

/** Beyond so much it is written at once, so that what waits longer is what the client does not take. */
const MOST_BYTES = 65_536;

const engineSockets: EngineSocket[] = [];
const corked: Duplex[] = [];
let isScheduled = false;

/** From now on gathers everything that Engine.IO writes to this client. */
export function gatherEngineWrites(conn: ChatSocket["conn"]): void {
  (conn as unknown as EngineSocket).flush = gather;
}

/** Writes what is gathered for this client now: for last words, because what closes the transport next may throw away what waits. */
export function writeGathered(conn: ChatSocket["conn"]): void {
  write(conn as unknown as EngineSocket);
}

/** Sends now or at the end of this turn of the event loop, in order. */
export function sendGathered(socket: WebSocket, data: Buffer): void {
  const tcp = (socket as WebSocketInside)._socket;
  if (tcp && tcp.writableCorked === 0) {
    tcp.cork();
    corked.push(tcp);
    schedule();
  }
  socket.send(data, { binary: false });
  if (tcp && tcp.writableLength > MOST_BYTES) tcp.uncork();
}

function gather(this: EngineSocket): void {
  if (this.isGathering) return;
  this.isGathering = true;
  engineSockets.push(this);
  schedule();
}

function schedule(): void {
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(writeAll);
}

function writeAll(): void {
  isScheduled = false;
  for (const tcp of corked.splice(0)) if (tcp.writableCorked > 0) tcp.uncork();
  for (const conn of engineSockets.splice(0)) {
    conn.isGathering = false;
    write(conn);
  }
}

function write(conn: EngineSocket): void {
  const tcp = conn.transport.socket?._socket;
  tcp?.cork();
  (Object.getPrototypeOf(conn) as EngineSocket).flush.call(conn);
  tcp?.uncork();
}
