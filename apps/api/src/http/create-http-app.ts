import { ParleyError } from "@parley/contracts";
import express, { type Express, type RequestHandler } from "express";
import { adminRouter } from "../admin/admin-router.js";
import { createFileUrlTokens } from "../auth/file-url-tokens.js";
import { docsRouter } from "../docs/docs-router.js";
import { fileUrlKey } from "../file-config.js";
import { answerFailures } from "./answer-failures.js";
import { countStranger } from "./count-request.js";
import { dialectRouter } from "./dialect-router.js";
import { guards } from "./guards.js";
import { createHttpMetrics } from "./http-metrics.js";
import type { HttpParts } from "./http-parts.js";
import { nodeRouter } from "./node-router.js";
import { requestState } from "./request-state.js";
import { restRouter } from "./rest-router.js";
import type { OperationParts } from "./run-operation.js";
import { traceRequests } from "./trace-requests.js";
import { trackRequests } from "./track-requests.js";
import { UploadSlots } from "./upload-slots.js";

/** Builds everything that a node answers over HTTP. */
export function createHttpApp(parts: HttpParts): Express {
  const httpMetrics = createHttpMetrics(parts.metrics);
  const { config } = parts;
  const fileUrls = createFileUrlTokens({ key: fileUrlKey(config), seconds: config.FILE_URL_SECONDS });
  const uploads = new UploadSlots(config.MAX_UPLOADS);
  const operationParts = { ...parts, httpMetrics, fileUrls, uploads };
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("trust proxy", parts.config.TRUST_PROXY);
  app.use(trackRequests({ log: parts.log, metrics: httpMetrics }));
  app.use(traceRequests(config));
  app.use(guards(parts.config));
  app.use(nodeRouter(parts));
  app.use(restRouter(operationParts));
  app.use(dialectRouter(operationParts));
  if (parts.config.DOCS) app.use(labelDocs, docsRouter());
  if (config.ADMIN_DASHBOARD === "on") app.use(adminRouter(operationParts));
  app.use(refuseRoute(operationParts));
  app.use(answerFailures(parts.log));
  return app;
}

const labelDocs: RequestHandler = (request, response, next) => {
  if (request.path === "/docs" || request.path.startsWith("/docs/")) requestState(response).route = "/docs";
  next();
};

function refuseRoute(parts: OperationParts): RequestHandler {
  return async (request, response) => {
    await countStranger({ ...parts, metrics: parts.httpMetrics, response }, request);
    throw new ParleyError("route_not_found");
  };
}
