import type { Request } from "@parley/client";
import type { ErrorCode } from "@parley/contracts";
import { EXPIRED, endSession, sessionStore } from "../session/session.js";
import { type CallFailure, failureOf, lostConnection } from "./call-failure.js";

interface CallInput {
  params?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
}

const ANSWER_MS = 15_000;

/** Makes a call of the REST catalogue as the person who is signed in. Throws a CallFailure. */
export const callServer = (async (route: string, input: CallInput = {}) => {
  const response = await ask(route, input);
  const text = await response.text().catch((error: unknown) => {
    throw lostConnection(error);
  });
  if (!response.ok) throw refused(failureOf(response, text));
  return text === "" ? undefined : JSON.parse(text);
}) as Request;

/** The same for a call that answers with a file, which may take as long as it takes once it has begun to come. */
export async function fetchFile(route: string, input: CallInput = {}): Promise<Blob> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new DOMException("", "TimeoutError")), ANSWER_MS);
  const response = await ask(route, input, late.signal).finally(() => clearTimeout(timer));
  if (!response.ok) throw refused(failureOf(response, await response.text()));
  return response.blob();
}

async function ask(
  route: string,
  { params = {}, query = {}, body }: CallInput,
  signal: AbortSignal = AbortSignal.timeout(ANSWER_MS),
): Promise<Response> {
  const [method = "GET", path = ""] = route.split(" ");
  const filled = path.replace(/\{(\w+)\}/g, (_all, name) => encodeURIComponent(String(params[name])));
  const address = new URL(filled, location.origin);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") address.searchParams.set(name, String(value));
  }
  try {
    return await fetch(address, {
      method,
      headers: {
        authorization: `Bearer ${sessionStore.read().session?.token ?? ""}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
    });
  } catch (error) {
    throw lostConnection(error);
  }
}

const ENDED: ErrorCode = "token_expired";
const BLOCKED: ErrorCode = "user_blocked";

/** A token that is not good any more ends the session; whatever else is wrong is told where it happened. */
function refused(failure: CallFailure): CallFailure {
  if (failure.code === ENDED) endSession({ tone: "warn", text: EXPIRED });
  else if (failure.status === 401 || failure.code === BLOCKED)
    endSession({ tone: "bad", text: failure.message });
  return failure;
}
