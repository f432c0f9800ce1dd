import { type Actor, type Identity, ParleyError } from "@parley/contracts";
import { noteAct, rememberUser } from "@parley/engine";
import express, { type Request, type Response, type Router } from "express";
import { addressKey } from "../auth/address-key.js";
import { bearerToken } from "../auth/bearer-token.js";
import { noteRefusedLogin } from "../auth/note-refused-login.js";
import { countRequest, countStranger } from "../http/count-request.js";
import type { HttpMetrics } from "../http/http-metrics.js";
import type { HttpParts } from "../http/http-parts.js";
import { requestState } from "../http/request-state.js";
import { isSameOrigin } from "./is-same-origin.js";
import { lendToken, takeTokenBack } from "./session-cookie.js";

export interface AdminParts extends HttpParts {
  httpMetrics: HttpMetrics;
}

const PATH = "/admin/session";

/** Where the dashboard shows a token, learns whether it is good here, and gets what opens the page of the queues. */
export function sessionRouter(parts: AdminParts): Router {
  const router = express.Router({ caseSensitive: true });
  router.post(PATH, async (request, response) => {
    requestState(response).route = PATH;
    const token = bearerToken(request.get("Authorization"));
    const identity = await identifyAdmin(parts, { request, response, token });
    await noteAct(parts.engine, {
      actor: actorOf(identity, { request, response }),
      action: "admin.session_began",
    });
    const isSecure = isSecureCookie(parts, request);
    const board = token !== undefined && lendToken(response, { token, identity, isSecure });
    response.set("Cache-Control", "no-store").json({
      user_id: identity.userId,
      role: identity.role,
      expires_at: new Date((identity.expiresAt ?? 0) * 1000).toISOString(),
      board,
    });
  });
  router.delete(PATH, async (request, response) => {
    requestState(response).route = PATH;
    await countStranger({ ...parts, metrics: parts.httpMetrics, response }, request);
    if (!isSameOrigin(request)) throw new ParleyError("origin_not_allowed");
    takeTokenBack(response, { isSecure: isSecureCookie(parts, request) });
    response.set("Cache-Control", "no-store").status(204).end();
  });
  return router;
}

/** Who shows this token. Throws as the authenticator does, role_required, and rate_limited. */
export async function identifyAdmin(
  parts: AdminParts,
  { request, response, token }: { request: Request; response: Response; token: string | undefined },
): Promise<Identity> {
  const counting = { ...parts, metrics: parts.httpMetrics, response };
  const identity = await parts.authenticator.authenticate(token).catch(async (refusal: unknown) => {
    noteRefusedLogin(parts.engine, { address: addressKey(request.ip), refusal });
    await countStranger(counting, request);
    throw refusal;
  });
  requestState(response).userId = identity.userId;
  await countRequest(counting, identity);
  if (identity.role !== "admin")
    throw new ParleyError("role_required", {
      message: `The dashboard needs a token with the role \`admin\`; this one has \`${identity.role}\`.`,
    });
  void rememberUser(parts.engine, identity);
  return identity;
}

/** Who did something, as the audit log names them. */
export function actorOf(
  { userId, role }: Identity,
  { request, response }: { request: Request; response: Response },
): Actor {
  return { userId, role, origin: { requestId: requestState(response).id, address: request.ip } };
}

/** A browser sends a secure cookie over https only, and to its own machine. */
function isSecureCookie({ config }: AdminParts, request: Request): boolean {
  return request.secure || config.NODE_ENV === "production";
}
