import type { Server, ServerResponse } from "node:http";
import { Server as NetServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** How long answers may still be on their way when everybody has been told to go. */
const GRACE_MS = 3_000;

/** Ends a server in bounded time. */
export interface ServerEnd {
  /** No new connections. Whoever asks on an old one is answered, and told that it was the last time. */
  stopListening(): void;
  /** Closes idle connections, waits a moment for those that still get an answer, then cuts what is left: half requests, silent sockets, dead peers. */
  close(): Promise<void>;
}

/** Keeps track of every socket of the server, upgraded ones too: Node by itself would wait for them without end. */
export function watchServer(server: Server): ServerEnd {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  let closed: Promise<void> | undefined;
  server.prependListener("request", (_request, response: ServerResponse) => {
    if (closed !== undefined) response.shouldKeepAlive = false;
  });
  // An HTTP server's own `close` ends idle connections at once, while a load balancer is writing its next request on one of them; a POST
  // that is lost so is not sent again.
  const stopListening = () => {
    closed ??= new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
  };
  return {
    stopListening,
    close: async () => {
      stopListening();
      server.closeIdleConnections();
      const patience = new AbortController();
      await Promise.race([
        closed,
        sleep(GRACE_MS, undefined, { signal: patience.signal }).catch(() => undefined),
      ]);
      patience.abort();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
