import express, { type RequestHandler, type Router } from "express";
import { pagePolicy } from "../http/page-policy.js";
import { requestState } from "../http/request-state.js";
import type { WebBuild } from "./web-build.js";

/** The page writes no markup from text. */
const CONTENT_SECURITY_POLICY = pagePolicy("require-trusted-types-for 'script'", "trusted-types 'none'");

const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Parley admin</title>
<p>The dashboard has not been built on this node. Run <code>npm run build</code> (or <code>npm start</code>, which builds it) and start the node again.</p></html>
`;

/** The pages of the dashboard. Which of them stands at a path is the browser's business: all are the same file. */
export function dashboardRouter(build: WebBuild | undefined): Router {
  const router = express.Router({ caseSensitive: true });
  if (build) {
    // A name with a hash in it never means anything else.
    const assets = { immutable: true, maxAge: "365d", index: false, redirect: false, fallthrough: true };
    router.use("/admin/assets", labelled("/admin/assets"), express.static(build.assets, assets));
    // What is missing there must not be answered with a page.
    router.use("/admin/assets", (_request, _response, next) => next("router"));
  }
  router.get(/^\/admin(\/.*)?$/, labelled("/admin"), sendPage(build));
  return router;
}

function labelled(route: string): RequestHandler {
  return (_request, response, next) => {
    requestState(response).route = route;
    next();
  };
}

function sendPage(build: WebBuild | undefined): RequestHandler {
  return (_request, response) => {
    response.set({ "Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-cache" });
    response.type("html");
    if (build === undefined) response.status(503).set("Cache-Control", "no-store").send(NOT_BUILT);
    else response.set("ETag", build.tag).send(build.page);
  };
}
