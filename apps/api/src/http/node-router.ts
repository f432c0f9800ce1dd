import express, { type Router } from "express";
import type { HttpParts } from "./http-parts.js";
import { requestState } from "./request-state.js";

/** What machines ask a node about itself: is it alive, does it want requests, how is it. */
export function nodeRouter({ health, metrics }: Pick<HttpParts, "health" | "metrics">): Router {
  const router = express.Router();
  router.use((request, response, next) => {
    if (["/healthz", "/readyz", "/metrics"].includes(request.path))
      requestState(response).route = request.path;
    next();
  });
  router.get("/healthz", (_request, response) => {
    response.set("Cache-Control", "no-store").json(health.live());
  });
  router.get("/readyz", async (_request, response) => {
    const readiness = await health.ready();
    response
      .status(readiness.ready ? 200 : 503)
      .set("Cache-Control", "no-store")
      .json(readiness);
  });
  router.get("/metrics", async (_request, response) => {
    response.set("Content-Type", metrics.contentType).send(await metrics.text());
  });
  return router;
}
