import {
  type Actor,
  type Identity,
  type Operation,
  type OperationId,
  ParleyError,
  REST_CATALOGUE,
} from "@parley/contracts";
import { rememberUser } from "@parley/engine";
import type { Request, RequestHandler, Response } from "express";
import { bearerToken } from "../auth/bearer-token.js";
import { type Counting, countMessage, countRequest, countStranger } from "./count-request.js";
import type { HandlerContext, Input } from "./handlers/handler.js";
import { REST_HANDLERS } from "./handlers/rest-handlers.js";
import type { HttpMetrics } from "./http-metrics.js";
import type { HttpParts } from "./http-parts.js";
import { readBody } from "./read-body.js";
import { requestState } from "./request-state.js";
import { validateInput } from "./validate-input.js";

export interface OperationParts extends HttpParts {
  httpMetrics: HttpMetrics;
}

/** Makes the Express handler of one call of the catalogue. */
export function runOperation(parts: OperationParts, id: OperationId): RequestHandler {
  const operation: Operation = REST_CATALOGUE[id];
  return async (request, response) => {
    requestState(response).route = operation.path;
    const { engine, config } = parts;
    const counting = { ...parts, metrics: parts.httpMetrics, response };
    const actor = operation.isPublic
      ? await admitStranger(counting, request)
      : await identify(parts, { request, response, counting });
    if (operation.roles && !operation.roles.includes(actor.role)) throw new ParleyError("role_required");
    const body = operation.body ? await readBody(request, response, operation.bodyBytes) : undefined;
    const input = validateInput(operation, { params: request.params, query: request.query, body });
    const { VAPID_PUBLIC_KEY: vapidPublicKey } = config;
    const context = { engine, actor, vapidPublicKey, countMessage: () => countMessage(counting, actor) };
    answer(response, { status: operation.status, result: await handle(context, { id, input }) });
  };
}

/** Whoever asks, for calls that need no token. */
async function admitStranger(counting: Counting, request: Request): Promise<Actor> {
  await countStranger(counting, request);
  return { userId: "", role: "stranger" };
}

/** Who asks, from the token alone, and whether they may ask that often. Strangers are counted by their address. */
async function identify(
  parts: OperationParts,
  { request, response, counting }: { request: Request; response: Response; counting: Counting },
): Promise<Identity> {
  let identity: Identity;
  try {
    identity = await parts.authenticator.authenticate(bearerToken(request.get("Authorization")));
  } catch (refusal) {
    await countStranger(counting, request);
    throw refusal;
  }
  requestState(response).userId = identity.userId;
  void rememberUser(parts.engine, identity);
  await countRequest(counting, identity);
  return identity;
}

/** The catalogue ties an id to its input's type and to its handler; validation has made the input what it says. */
function handle<Id extends OperationId>(
  context: HandlerContext,
  call: { id: Id; input: object },
): Promise<unknown> {
  return REST_HANDLERS[call.id](context, call.input as Input<Id>);
}

function answer(response: Response, { status, result }: { status: number; result: unknown }): void {
  response.status(status).set("Cache-Control", "no-store");
  if (status === 204) response.end();
  else response.json(result);
}
