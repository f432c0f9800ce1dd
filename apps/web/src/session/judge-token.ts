import { formatSeconds } from "../parts/numbers.js";
import { readClaims } from "./read-claims.js";

/** What is plainly wrong with a token, so that nobody waits to be told by the server; undefined when it is worth asking. */
export function judgeToken(token: string, now: number = Date.now()): string | undefined {
  const claims = readClaims(token);
  if (claims === undefined)
    return "This is no token: it should be three parts of letters and digits with dots between them.";
  if (claims.expiresAt !== undefined && claims.expiresAt <= now) {
    const ago = formatSeconds(Math.max(1, Math.round((now - claims.expiresAt) / 1000)));
    return `This token expired ${ago} ago. Get a new one.`;
  }
  if (claims.role !== "admin") {
    const has = claims.role === undefined ? "has no role" : `has the role “${claims.role}”`;
    return `The dashboard needs a token with the role “admin”, and this one ${has}.`;
  }
  return undefined;
}
