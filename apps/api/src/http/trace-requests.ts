import { NO_TRACING, tracing } from "@parley/platform";
import type { RequestHandler } from "express";
import { addressMatch } from "../auth/client-address.js";
import type { ApiConfig } from "../config.js";
import { QUIET_ROUTES } from "./quiet-routes.js";
import { requestState } from "./request-state.js";

/**
 * Makes a span of each request where there is tracing; comes after `trackRequests`. Not of what machines ask every few seconds. The trace of a caller
 * goes on where the caller is trusted with that; everybody else's is only linked, because ids that strangers choose could collide with others'.
 */
export function traceRequests({ TRACE_CALLERS }: Pick<ApiConfig, "TRACE_CALLERS">): RequestHandler {
  const mayBeFollowed = addressMatch(TRACE_CALLERS);
  return (request, response, next) => {
    if (tracing() === NO_TRACING || QUIET_ROUTES.has(request.path)) {
      next();
      return;
    }
    const { method, ip } = request;
    const place = request.get("traceparent");
    const isFollowed = place !== undefined && ip !== undefined && mayBeFollowed(ip);
    const come = isFollowed ? { from: place } : { linkedWith: place };
    void tracing().run({ name: method, kind: "server", ...come }, (open) => {
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
}
