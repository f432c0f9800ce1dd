import type { Log } from "@parley/platform";
import type { ApiConfig } from "../config.js";
import type { AccessList } from "./access-list.js";
import { createAuthenticator } from "./create-authenticator.js";
import { createGatewayAuthenticator } from "./create-gateway-authenticator.js";
import type { ProofParts } from "./proofs-for.js";
import { withAccessList } from "./with-access-list.js";

/** Everybody who decides who is asking: by a token, and by a gateway's word. They let in only those whom the list does not keep out. */
export function createAuthenticators(
  config: ApiConfig,
  { access, log }: { access: AccessList; log: Log },
): ProofParts {
  return {
    authenticator: withAccessList(createAuthenticator(config, log), access),
    gatewayAuthenticator: createGatewayAuthenticator(config, { access }),
  };
}
