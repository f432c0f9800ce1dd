import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { mayHaveLongBody } from "./long-bodies.js";

const BODY_MS = 30_000;
/** The largest file over a slow line; uploads that stop coming are ended much earlier. */
const UPLOAD_MS = 600_000;

/** Ends connections that send too slowly. Sockets that were upgraded are not concerned. */
export function hardenServer(server: Server, { bodyMs = BODY_MS }: { bodyMs?: number } = {}): void {
  server.headersTimeout = 15_000;
  // Node has one limit for all requests; uploads need a longer one than the rest.
  server.requestTimeout = UPLOAD_MS;
  server.on("request", (request, response) => cutSlowBody(request, response, bodyMs));
  // Longer than the load balancer keeps its idle connections, or it would send requests into one that just closed.
  server.keepAliveTimeout = 75_000;
  server.maxHeadersCount = 100;
}

function cutSlowBody(request: IncomingMessage, response: ServerResponse, bodyMs: number): void {
  const { "content-length": length, "transfer-encoding": coding } = request.headers;
  if (coding === undefined && Number(length ?? 0) === 0) return;
  const timer = setTimeout(() => {
    if (request.complete || mayHaveLongBody(request)) return;
    if (!response.headersSent)
      request.socket.write("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n");
    request.socket.destroySoon();
  }, bodyMs).unref();
  request.once("close", () => clearTimeout(timer));
}
