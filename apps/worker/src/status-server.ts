import { createServer, type Server, type ServerResponse } from "node:http";
import type { Health, Log, Metrics } from "@parley/platform";

export interface StatusParts {
  health: Health;
  metrics: Metrics;
  log: Log;
}

interface Answer {
  status: number;
  type: string;
  text: string;
}

/** The worker has no other callers than probes and scrapers. */
export function createStatusServer(parts: StatusParts): Server {
  const server = createServer((request, response) => {
    // Nobody has anything to send.
    request.resume();
    answer(parts, { method: request.method, path: request.url?.split("?")[0] })
      .catch((error: unknown) => {
        parts.log.error({ err: error }, "A probe could not be answered");
        return json(500, { error: "internal" });
      })
      .then((found) => send(response, found))
      .catch(() => response.destroy());
  });
  server.headersTimeout = 5_000;
  server.requestTimeout = 5_000;
  return server;
}

async function answer(
  { health, metrics }: StatusParts,
  { method, path }: { method: string | undefined; path: string | undefined },
): Promise<Answer> {
  if (method !== "GET" && method !== "HEAD") return json(405, { error: "method_not_allowed" });
  if (path === "/healthz") return json(200, health.live());
  if (path === "/readyz") {
    const readiness = await health.ready();
    return json(readiness.ready ? 200 : 503, readiness);
  }
  if (path === "/metrics") return { status: 200, type: metrics.contentType, text: await metrics.text() };
  return json(404, { error: "not_found" });
}

function json(status: number, value: object): Answer {
  return { status, type: "application/json; charset=utf-8", text: JSON.stringify(value) };
}

function send(response: ServerResponse, { status, type, text }: Answer): void {
  response.writeHead(status, { "Content-Type": type, "Cache-Control": "no-store" }).end(text);
}
