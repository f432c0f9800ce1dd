import express, { type Router } from "express";
import { boardRouter } from "./board-router.js";
import { dashboardRouter } from "./dashboard-router.js";
import { type AdminParts, sessionRouter } from "./session-router.js";
import { readWebBuild } from "./web-build.js";

/** Everything under `/admin`; mount it at the root. */
export function adminRouter(parts: AdminParts): Router {
  const router = express.Router();
  router.use(sessionRouter(parts), boardRouter(parts), dashboardRouter(readWebBuild()));
  return router;
}
