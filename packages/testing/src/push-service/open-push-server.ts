import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import type { PushCounters } from "./push-journal.js";
import { createSelfSignedCertificate, type SelfSignedCertificate } from "./self-signed-certificate.js";

export interface PushServer {
  origin: string;
  host: string;
  certificate: string | null;
  /** What to do with requests; has to be set before the first can come. */
  serve(listener: RequestListener): void;
  /** Breaks a request's connection off with a TCP reset. */
  reset(message: IncomingMessage): void;
  stop(): Promise<void>;
}

interface ServerOptions {
  port: number;
  hostname: string;
  tls: boolean;
}

/** Listens on 127.0.0.1, with or without TLS, and counts connections in `counters`. */
export async function openPushServer(
  counters: PushCounters,
  { port, hostname, tls }: ServerOptions,
): Promise<PushServer> {
  const identity = tls ? createSelfSignedCertificate(hostname) : null;
  const server = createAnyServer(identity);
  const sockets = watchConnections(server, counters);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  const host = `${hostname}:${typeof address === "object" && address !== null ? address.port : port}`;
  return {
    origin: `${tls ? "https" : "http"}://${host}`,
    host,
    certificate: identity?.certificate ?? null,
    serve: (listener) => server.on("request", listener),
    reset: ({ socket }) => sockets.get(socket.remotePort)?.resetAndDestroy(),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets.values()) socket.destroy();
      }),
  };
}

function createAnyServer(identity: SelfSignedCertificate | null): Server {
  // A sender decides itself how long it keeps a connection; nothing is broken off while a push waits at a gate.
  const patience = { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 };
  if (identity === null) return createServer(patience);
  return createTlsServer({ ...patience, cert: identity.certificate, key: identity.privateKey });
}

/** The TCP connections by the sender's port: with TLS, a request knows only the layer above, and that can't be reset. */
function watchConnections(server: Server, counters: PushCounters): Map<number | undefined, Socket> {
  const sockets = new Map<number | undefined, Socket>();
  server.on("connection", (socket: Socket) => {
    const { remotePort } = socket;
    sockets.set(remotePort, socket);
    counters.connections += 1;
    counters.openConnections += 1;
    socket.on("close", () => {
      sockets.delete(remotePort);
      counters.openConnections -= 1;
    });
  });
  return sockets;
}
