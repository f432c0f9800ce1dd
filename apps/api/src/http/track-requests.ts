import { randomUUID } from "node:crypto";
import type { Logger } from "@parley/platform";
import type { Request, RequestHandler, Response } from "express";
import type { HttpMetrics } from "./http-metrics.js";
import { QUIET_ROUTES } from "./quiet-routes.js";
import { beginState, type RequestState } from "./request-state.js";

const REQUEST_ID = /^[\w-]{8,64}$/;

interface Tracker {
  log: Logger;
  metrics: HttpMetrics;
}

interface Tracked {
  request: Request;
  response: Response;
  state: RequestState;
  startedAt: number;
}

/**
 * Names every request, and at its end writes its log line and counts it. The line says who asked for what kind of thing
 * and how it went; never a path, a query, a header or a body, because those hold ids, tokens and texts.
 */
export function trackRequests(tracker: Tracker): RequestHandler {
  return (request, response, next) => {
    const given = request.get("X-Request-Id") ?? "";
    const id = REQUEST_ID.test(given) ? given : randomUUID();
    response.set("X-Request-Id", id);
    const tracked = { request, response, state: beginState(response, id), startedAt: performance.now() };
    response.once("close", () => finish(tracker, tracked));
    next();
  };
}

function finish({ log, metrics }: Tracker, { request, response, state, startedAt }: Tracked): void {
  const duration = performance.now() - startedAt;
  const { statusCode, writableFinished } = response;
  const method = request.method;
  const labels = { method, route: state.route, status_class: `${Math.floor(statusCode / 100)}xx` };
  metrics.duration.observe(labels, duration / 1000);
  if (state.code) metrics.errors.inc({ code: state.code });
  const level = QUIET_ROUTES.has(state.route) ? "debug" : "info";
  log[level](
    {
      request_id: state.id,
      method,
      route: state.route,
      status: statusCode,
      duration_ms: Math.round(duration * 10) / 10,
      user_id: state.userId,
      code: state.code,
      // The client went away before the answer was out.
      aborted: writableFinished ? undefined : true,
    },
    "request",
  );
}
