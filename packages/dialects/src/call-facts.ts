import type { Identity } from "@parley/contracts";

/** What a request or a handshake says, whichever transport it came over. */
export interface CallFacts {
  /** In capitals; a handshake is a GET. */
  method: string;
  /** Without the query. */
  path: string;
  /** The one value of a header; undefined when it is absent. */
  header(name: string): string | undefined;
  /** The one value of a query parameter; undefined when it is absent. */
  query(name: string): string | undefined;
}

/** How somebody can show who they are. */
export interface Proofs {
  /** Verifies a token. Throws token_missing, token_invalid, token_expired, token_revoked, user_blocked, keys_unavailable. */
  bearer(token: string | undefined): Promise<Identity>;
  /**
   * Takes the word of a gateway that has authenticated the user and proves itself with this very request. Throws
   * gateway_proof_required, gateway_proof_invalid, invalid_input (names the fields), token_revoked, user_blocked.
   */
  gateway(): Promise<Identity>;
}

/** The token of an `Authorization: Bearer` header or, where browsers can't set headers, of the query. */
export function tokenOf(facts: CallFacts): string | undefined {
  const header = facts.header("authorization");
  if (header === undefined) return facts.query("token");
  return /^Bearer +(\S+) *$/i.exec(header)?.[1];
}
