import { type Identity, ParleyError } from "@parley/contracts";
import { type CallFacts, type Proofs, tokenOf } from "../call-facts.js";
import { isIntegerId } from "../integer-ids.js";
import { SOCKET_PATH } from "./paths.js";

/**
 * Who asks: the token says it, and `X-User-ID` must say the same. Where browsers connect, who can set no headers on a WebSocket, the
 * token may stand in the query; then the header may be absent.
 */
export async function identifyUser(facts: CallFacts, proofs: Proofs): Promise<Identity> {
  const hasHeader = facts.header("authorization") !== undefined;
  const inQuery = !hasHeader && isHandshake(facts);
  const token = hasHeader || inQuery ? tokenOf(facts) : undefined;
  if (token === undefined) throw new ParleyError("token_missing", { message: NO_TOKEN });
  const identity = await proofs.bearer(token);
  if (!isIntegerId(identity.userId)) throw new ParleyError("token_invalid", { message: NO_INTEGER });
  const named = facts.header("x-user-id");
  if (named === undefined && inQuery) return identity;
  if (named !== identity.userId) throw new ParleyError("token_invalid", { message: OTHER_USER });
  return identity;
}

const NO_TOKEN =
  "Send `Authorization: Bearer <token>` and `X-User-ID: <user id>`; on the WebSocket `?token=<token>` will do.";
const NO_INTEGER = "User ids are positive integers here; the token's user id is none.";
const OTHER_USER = "Send `X-User-ID`, and the same user id in it as in the token.";

function isHandshake({ path }: CallFacts): boolean {
  return path === SOCKET_PATH || path === `${SOCKET_PATH}/`;
}
