import type { Proofs } from "@parley/dialects";
import type { Authenticator } from "./create-authenticator.js";

/** The ways in which the dialects' callers can show who they are. */
export function proofsFor(authenticator: Authenticator): Proofs {
  return { bearer: (token) => authenticator.authenticate(token) };
}
