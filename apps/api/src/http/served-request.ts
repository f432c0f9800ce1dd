import { IncomingMessage } from "node:http";

/** What Node has found out about requests: whether they ask for another protocol. */
const upgrades = new WeakMap<IncomingMessage, boolean>();

/**
 * A request of which only the wish for a WebSocket counts as one for another protocol. Node would hand every other such wish, h2c for one,
 * to those who wait for WebSockets; a server that does not speak the protocol has to serve the request as if nothing had been wished.
 */
export class ServedRequest extends IncomingMessage {
  get upgrade(): boolean {
    if (upgrades.get(this) !== true) return false;
    return this.method === "CONNECT" || this.headers.upgrade?.toLowerCase() === "websocket";
  }

  // Node writes it while it reads the head.
  set upgrade(isAsked: boolean) {
    upgrades.set(this, isAsked);
  }
}
