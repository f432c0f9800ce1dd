import type { CatchatAnswer, CatchatMessage } from "./catchat-rest.js";
import type { Attempt } from "./chaos-client.js";
import { numberedOf } from "./numbered-of.js";

/** How a frame is refused; the code is an HTTP status. */
export interface ErrorFrame {
  type: "error";
  code: number;
  clientId?: string;
  retry_after_ms?: number;
}

/** The contract's codes in the words that the run knows. */
const CODES: Record<number, string> = {
  401: "token_invalid",
  403: "forbidden",
  404: "chat_not_found",
  409: "chat_closed",
  429: "rate_limited",
};
/** From here on nobody knows what was done. */
const UNCERTAIN_FROM = 500;

/** What a send over REST came to. */
export function attemptOf({ status, data, ...wait }: CatchatAnswer<CatchatMessage>, key: string): Attempt {
  if (data !== undefined) return { type: "ok", message: { ...numberedOf(data), key } };
  return status === undefined ? { type: "info" } : { ...refused(status), ...wait };
}

/** What a send over the socket came to that was refused. */
export function refusalOf({ code, retry_after_ms: retryAfterMs }: ErrorFrame): Attempt {
  return { ...refused(code), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

function refused(status: number): { type: "fail" | "info"; code: string } {
  return { type: status >= UNCERTAIN_FROM ? "info" : "fail", code: CODES[status] ?? `answered ${status}` };
}
