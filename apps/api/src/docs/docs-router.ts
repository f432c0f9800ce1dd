import { asyncApiDocument, openApiDocument } from "@parley/contracts";
import express, { type RequestHandler, type Router } from "express";
import { contentTag } from "../http/content-tag.js";
import { pagePolicy } from "../http/page-policy.js";
import { assetFolder } from "./assets.js";
import { errorsPage } from "./errors-page.js";
import { guidePage } from "./guide-page.js";
import { restPage } from "./rest-page.js";
import { socketPage } from "./socket-page.js";
import { parleyVersion } from "./version.js";

const CONTENT_SECURITY_POLICY = pagePolicy();

/** The API reference under `/docs`; mount it at the root. */
export function docsRouter(): Router {
  const version = parleyVersion();
  const openApi = openApiDocument({ version });
  const asyncApi = asyncApiDocument({ version });
  const pages = {
    "/docs": guidePage(version),
    "/docs/rest": restPage(openApi),
    "/docs/socket": socketPage(asyncApi),
    "/docs/errors": errorsPage(version),
  };

  const router = express.Router();
  for (const [path, text] of Object.entries(pages)) router.get(path, sendPage(text));
  router.get("/docs/openapi.json", sendDocument(openApi));
  router.get("/docs/asyncapi.json", sendDocument(asyncApi));
  router.use("/docs/assets", express.static(assetFolder, { immutable: true, maxAge: "365d", index: false }));
  return router;
}

function sendPage(text: string): RequestHandler {
  const send = sendUnlessKnown(text);
  return (request, response, next) => {
    response.set("Content-Security-Policy", CONTENT_SECURITY_POLICY).type("html");
    return send(request, response, next);
  };
}

function sendDocument(document: object): RequestHandler {
  const send = sendUnlessKnown(JSON.stringify(document));
  return (request, response, next) => {
    response.type("json");
    return send(request, response, next);
  };
}

/** Kept by the browser, which asks each time whether it is still the same. */
function sendUnlessKnown(text: string): RequestHandler {
  const tag = contentTag(text);
  return (_request, response) => {
    response.set({ "Cache-Control": "no-cache", ETag: tag }).send(text);
  };
}
