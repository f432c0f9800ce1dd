import type { Server } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** How long answers may still be on their way when everybody has been told to go. */
const GRACE_MS = 3_000;

/** Ends a server in bounded time. */
export interface ServerEnd {
  /** No new connections; idle ones are closed. */
  stopListening(): void;
  /** Waits a moment for those that still get an answer, then cuts what is left: half requests, silent sockets, dead peers. */
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
  const stopListening = () => {
    closed ??= new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
  };
  return {
    stopListening,
    close: async () => {
      stopListening();
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
