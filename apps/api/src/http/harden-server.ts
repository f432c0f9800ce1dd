import type { Server } from "node:http";

/** Ends connections that send too slowly. Sockets that were upgraded are not concerned. */
export function hardenServer(server: Server): void {
  server.headersTimeout = 15_000;
  server.requestTimeout = 30_000;
  // Longer than the load balancer keeps its idle connections, or it would send requests into one that just closed.
  server.keepAliveTimeout = 75_000;
  server.maxHeadersCount = 100;
}
