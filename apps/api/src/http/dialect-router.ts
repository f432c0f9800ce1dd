import { type Identity, ParleyError } from "@parley/contracts";
import type { Caller, Dialect, DialectRoute, RouteAnswer } from "@parley/dialects";
import { rememberUser } from "@parley/engine";
import type { Logger } from "@parley/platform";
import express, {
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from "express";
import { addressKey } from "../auth/address-key.js";
import { noteRefusedLogin } from "../auth/note-refused-login.js";
import { proofsFor } from "../auth/proofs-for.js";
import { callFacts } from "../call-facts.js";
import { asParleyError } from "./as-parley-error.js";
import { countRequest, countStranger } from "./count-request.js";
import { readBody } from "./read-body.js";
import { receiveUpload } from "./receive-upload.js";
import { requestState } from "./request-state.js";
import type { OperationParts } from "./run-operation.js";
import { sendFile } from "./send-file.js";

/** The REST calls of all dialects. What is not found under a dialect's paths is answered in its words. */
export function dialectRouter(parts: OperationParts): Router {
  const router = express.Router({ caseSensitive: true });
  for (const dialect of parts.dialects) router.use(routesOf(parts, dialect));
  // The longer path knows better whose it is.
  const bases = parts.dialects
    .flatMap((dialect) => dialect.basePaths.map((path) => ({ dialect, path })))
    .sort((one, other) => other.path.length - one.path.length);
  for (const { dialect, path } of bases) {
    router.use(path, refuseRoute(parts, path), answerIn(dialect, parts.log));
  }
  return router;
}

function routesOf(parts: OperationParts, dialect: Dialect): Router {
  const router = express.Router({ caseSensitive: true });
  for (const route of dialect.routes) router[route.method](route.path, runRoute(parts, { dialect, route }));
  router.use(answerIn(dialect, parts.log));
  return router;
}

function runRoute(
  parts: OperationParts,
  { dialect, route }: { dialect: Dialect; route: DialectRoute },
): RequestHandler {
  return async (request, response) => {
    requestState(response).route = route.path;
    const identity = await identify(parts, { dialect, request, response });
    const caller = { engine: parts.engine, ports: parts.ports, identity };
    const answer = await handle(parts, { route, caller, request, response });
    if ("file" in answer) {
      const tellRange = (refusal: ParleyError) => dialect.errors[refusal.kind](refusal).body;
      await sendFile(response, answer.file, { asAttachment: true, tellRange });
      return;
    }
    response.status(answer.status).set("Cache-Control", "no-store");
    if (answer.body === undefined) response.end();
    else response.json(answer.body);
  };
}

async function handle(
  { config, uploads: slots }: OperationParts,
  { route, caller, request, response }: RouteCall,
): Promise<RouteAnswer> {
  const asked = {
    host: request.host ?? "",
    params: request.params as Record<string, string>,
    query: request.query,
  };
  if (route.upload) {
    const upload = { maxBytes: config.MAX_FILE_SIZE, userId: caller.identity.userId, slots };
    return route.handle(caller, {
      ...asked,
      receive: (store) => receiveUpload(request, { ...upload, store }),
    });
  }
  const body = route.method === "get" ? {} : await readBody(request, response);
  return route.handle(caller, { ...asked, body });
}

interface RouteCall {
  route: DialectRoute;
  caller: Caller;
  request: Request;
  response: Response;
}

async function identify(
  parts: OperationParts,
  { dialect, request, response }: { dialect: Dialect; request: Request; response: Response },
): Promise<Identity> {
  const counting = { ...parts, metrics: parts.httpMetrics, response };
  let identity: Identity;
  try {
    identity = await dialect.identify(callFacts(request, request.originalUrl), proofsFor(parts, request));
  } catch (refusal) {
    noteRefusedLogin(parts.engine, { address: addressKey(request.ip), refusal });
    await countStranger(counting, request);
    throw refusal;
  }
  requestState(response).userId = identity.userId;
  void rememberUser(parts.engine, identity);
  await countRequest(counting, identity);
  return { ...identity, origin: { requestId: requestState(response).id, address: request.ip } };
}

function refuseRoute(parts: OperationParts, path: string): RequestHandler {
  return async (request, response) => {
    requestState(response).route = path;
    await countStranger({ ...parts, metrics: parts.httpMetrics, response }, request);
    throw new ParleyError("route_not_found");
  };
}

/** The one place where a failure becomes a dialect's answer. What nobody expected is logged and told as `internal`. */
function answerIn(dialect: Dialect, log: Logger): ErrorRequestHandler {
  // biome-ignore lint/complexity/useMaxParams: Express knows a failure's handler by its four parameters.
  return (failure: unknown, _request, response, next) => {
    const refusal = asParleyError(failure);
    const state = requestState(response);
    state.code = refusal.code;
    const where = { err: failure, request_id: state.id, route: state.route };
    if (refusal.kind === "internal") log.error(where, "A request failed unexpectedly");
    else if (refusal.kind === "unavailable") log.warn(where, "A request could not be served");
    if (response.headersSent) {
      next(failure);
      return;
    }
    const { retryAfterMs } = refusal;
    if (retryAfterMs !== undefined) response.set("Retry-After", String(Math.ceil(retryAfterMs / 1_000)));
    const { status, body } = dialect.errors[refusal.kind](refusal);
    response.status(status).set("Cache-Control", "no-store").json(body);
  };
}
