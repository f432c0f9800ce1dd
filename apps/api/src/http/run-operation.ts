import {
  type Identity,
  type Operation,
  type OperationId,
  ParleyError,
  REST_CATALOGUE,
} from "@parley/contracts";
import { type Download, rememberUser } from "@parley/engine";
import type { Request, RequestHandler, Response } from "express";
import { addressKey } from "../auth/address-key.js";
import { bearerToken } from "../auth/bearer-token.js";
import type { FileUrlTokens } from "../auth/file-url-tokens.js";
import { noteRefusedLogin } from "../auth/note-refused-login.js";
import { originalToken } from "../auth/original-token.js";
import { type Counting, countMessage, countRequest, countSearch, countStranger } from "./count-request.js";
import type { HandlerContext, Input, ReceiveFile } from "./handlers/handler.js";
import { REST_HANDLERS } from "./handlers/rest-handlers.js";
import type { HttpMetrics } from "./http-metrics.js";
import type { HttpParts } from "./http-parts.js";
import { readBody } from "./read-body.js";
import { receiveUpload } from "./receive-upload.js";
import { requestState } from "./request-state.js";
import { sendFile } from "./send-file.js";
import type { UploadSlots } from "./upload-slots.js";
import { validateInput } from "./validate-input.js";

export interface OperationParts extends HttpParts {
  httpMetrics: HttpMetrics;
  fileUrls: FileUrlTokens;
  uploads: UploadSlots;
}

/** Makes the Express handler of one call of the catalogue. */
export function runOperation(parts: OperationParts, id: OperationId): RequestHandler {
  const operation: Operation = REST_CATALOGUE[id];
  return async (request, response) => {
    requestState(response).route = operation.path;
    const { engine, config, fileUrls, operations, ports } = parts;
    const counting = { ...parts, metrics: parts.httpMetrics, response };
    const signed = operation.takesSignedUrl ? signedToken(request) : undefined;
    const actor = operation.isPublic
      ? await admitStranger(counting, request)
      : await identify(parts, { request, response, counting, signed, token: tokenOf(operation, request) });
    if (operation.roles && !operation.roles.includes(actor.role)) throw new ParleyError("role_required");
    if (operation.searches) await countSearch(counting, actor);
    const body = await readInput(parts, operation, { request, response, userId: actor.userId });
    const valid = validateInput(operation, { params: request.params, query: request.query, body });
    const input = operation.body === "multipart" ? { ...valid, body } : valid;
    const { VAPID_PUBLIC_KEY: vapidPublicKey } = config;
    const context = {
      engine,
      operations,
      ports,
      actor: { ...actor, origin: { requestId: requestState(response).id, address: request.ip } },
      vapidPublicKey,
      fileUrls,
      countMessage: () => countMessage(counting, actor),
      setHeader: (name: string, value: string) => void response.set(name, value),
    };
    const result = await handle(context, { id, input });
    if (operation.result !== "file") answer(response, { status: operation.status, result });
    else await sendFile(response, result as Download, { crossOrigin: signed !== undefined });
  };
}

/** The JSON that a call takes; for a file, what receives it once everything else is known to be right. */
async function readInput(
  { config, uploads: slots }: OperationParts,
  { body, bodyBytes }: Operation,
  { request, response, userId }: { request: Request; response: Response; userId: string },
): Promise<ReceiveFile | Record<string, unknown> | undefined> {
  if (body === "multipart")
    return (store) => receiveUpload(request, { maxBytes: config.MAX_FILE_SIZE, userId, slots, store });
  return body && readBody(request, response, bodyBytes);
}

function signedToken({ query }: Request): string | undefined {
  return typeof query.token === "string" && query.token !== "" ? query.token : undefined;
}

/** Whoever asks, for calls that need no token. */
async function admitStranger(counting: Counting, request: Request): Promise<Identity> {
  await countStranger(counting, request);
  return { userId: "", role: "stranger" };
}

interface Asking {
  request: Request;
  response: Response;
  counting: Counting;
  token: string | undefined;
  /** Of a signed address. */
  signed: string | undefined;
}

function tokenOf({ takesOriginalUri }: Operation, request: Request): string | undefined {
  const token = bearerToken(request.get("Authorization"));
  return token ?? (takesOriginalUri ? originalToken(request.get("X-Original-URI")) : undefined);
}

/** Who asks, from the token or the signed address alone, and whether they may ask that often. Strangers are counted by their address. */
async function identify(
  parts: OperationParts,
  { request, response, counting, token, signed }: Asking,
): Promise<Identity> {
  let identity: Identity;
  try {
    if (signed === undefined) {
      identity = await parts.authenticator.authenticate(token);
    } else {
      identity = parts.fileUrls.verify(signed, String(request.params.file_id).toLowerCase());
      parts.authenticator.admit(identity);
    }
  } catch (refusal) {
    noteRefusedLogin(parts.engine, { address: addressKey(request.ip), refusal });
    await countStranger(counting, request);
    throw refusal;
  }
  requestState(response).userId = identity.userId;
  if (signed === undefined) void rememberUser(parts.engine, identity);
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
