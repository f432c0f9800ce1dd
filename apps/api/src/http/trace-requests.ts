import { NO_TRACING, tracing } from "@parley/platform";
import type { RequestHandler } from "express";
import { QUIET_ROUTES } from "./quiet-routes.js";
import { requestState } from "./request-state.js";

/** Makes a span of each request where there is tracing; comes after `trackRequests`. Not of what machines ask every few seconds. */
export const traceRequests: RequestHandler = (request, response, next) => {
  if (tracing() === NO_TRACING || QUIET_ROUTES.has(request.path)) {
    next();
    return;
  }
  const { method } = request;
  const span = { name: method, kind: "server", from: request.get("traceparent") } as const;
  void tracing().run(span, (open) => {
    const closed = new Promise<void>((resolve) => response.once("close", resolve));
    next();
    return closed.then(() => {
      const { route, code } = requestState(response);
      const { statusCode } = response;
      open.rename(`${method} ${route}`);
      open.set({
        "http.request.method": method,
        "http.route": route,
        "http.response.status_code": statusCode,
      });
      if (statusCode >= 500) open.fail(code ?? String(statusCode));
    });
  });
};
