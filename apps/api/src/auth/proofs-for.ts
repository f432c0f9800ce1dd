import type { IncomingMessage } from "node:http";
import type { Proofs } from "@parley/dialects";
import type { Authenticator } from "./create-authenticator.js";
import type { GatewayAuthenticator } from "./create-gateway-authenticator.js";
import { gatewayRequestOf } from "./gateway-request.js";

export interface ProofParts {
  authenticator: Authenticator;
  gatewayAuthenticator: GatewayAuthenticator;
}

/** The ways in which a dialect's caller can show with a request who they are. */
export function proofsFor(
  { authenticator, gatewayAuthenticator }: ProofParts,
  request: IncomingMessage,
): Proofs {
  return {
    bearer: (token) => authenticator.authenticate(token),
    gateway: async () => gatewayAuthenticator.authenticate(gatewayRequestOf(request)),
  };
}
