import { type Actor, ParleyError } from "@parley/contracts";
import { noteAct } from "@parley/engine";
import { QueueUnavailable } from "@parley/platform";
import express, { type Request, type RequestHandler, type Response, type Router } from "express";
import { requestState } from "../http/request-state.js";
import { isBoardChange } from "./board-changes.js";
import { isSameOrigin } from "./is-same-origin.js";
import { BOARD_PATH, lentToken } from "./session-cookie.js";
import { type AdminParts, actorOf, identifyAdmin } from "./session-router.js";

/** bull-board brings styles inside its page, a base address, and images as data. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Where somebody who may not see the queues learns how to. */
const SIGN_IN = "/admin/jobs";

/** bull-board, which shows and changes single jobs, for whoever the dashboard's session says is an administrator. */
export function boardRouter(parts: AdminParts): Router {
  const router = express.Router({ caseSensitive: true });
  router.use(BOARD_PATH, admit(parts), serve(parts));
  return router;
}

/** Asks with every request who it is: a token may have ended, and a person been revoked or blocked, since the last one. */
function admit(parts: AdminParts): RequestHandler {
  return async (request, response, next) => {
    requestState(response).route = BOARD_PATH;
    response.set({ "Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-store" });
    const isChange = !["GET", "HEAD"].includes(request.method);
    if (isChange && !isSameOrigin(request)) throw new ParleyError("origin_not_allowed");
    try {
      const identity = await identifyAdmin(parts, { request, response, token: lentToken(request) });
      if (isChange) {
        const isAllowed = isBoardChange(request);
        await noteChange(parts, { actor: actorOf(identity, { request, response }), request, isAllowed });
        if (!isAllowed) return refuse(response);
      }
    } catch (refusal) {
      if (!isPageVisit(request) || !(refusal instanceof ParleyError) || refusal.kind === "unavailable")
        throw refusal;
      response.redirect(303, SIGN_IN);
      return;
    }
    next();
  };
}

interface BoardChange {
  actor: Actor;
  request: Request;
  isAllowed: boolean;
}

/** Before it is done: bull-board does not say what came of it, and what can't be noted must not be done. */
async function noteChange({ engine }: AdminParts, change: BoardChange): Promise<void> {
  const { actor, isAllowed } = change;
  const { method, path } = change.request;
  // As in /api/queues/<name>/<job>/retry.
  const [, , , name = "all"] = path.split("/");
  await noteAct(engine, {
    actor,
    action: "queue.jobs_changed",
    subject: { kind: "queue", id: name.slice(0, 100) },
    outcome: isAllowed ? "done" : "refused",
    detail: { method, path: path.slice(0, 300) },
  });
}

/** In the form that bull-board shows to whoever asked. */
function refuse(response: Response): void {
  requestState(response).code = "forbidden";
  response.status(403).json({
    code: "forbidden",
    error: "Not possible here",
    message: "Jobs can be retried, promoted and removed, and queues paused; nothing can be added or edited.",
  });
}

function isPageVisit(request: Request): boolean {
  return request.method === "GET" && request.get("Sec-Fetch-Dest") === "document";
}

function serve({ board }: AdminParts): RequestHandler {
  return async (request, response, next) => {
    const show = await board.open().catch((error: unknown) => {
      if (!(error instanceof QueueUnavailable)) throw error;
      throw new ParleyError("overloaded", {
        message: "Redis can't be reached, and the queues are there; try again in a moment.",
        cause: error,
      });
    });
    show(request, response, next);
  };
}
