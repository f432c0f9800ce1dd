import { type Identity, ParleyError } from "@parley/contracts";
import { type CallFacts, type Proofs, tokenOf } from "../call-facts.js";
import { isIntegerId } from "../integer-ids.js";

/** Who a token is for; a user here is a positive integer. Throws what `bearer` throws, and token_invalid for other users. */
export async function identifyUser(facts: CallFacts, proofs: Proofs): Promise<Identity> {
  const identity = await proofs.bearer(tokenOf(facts));
  if (isIntegerId(identity.userId)) return identity;
  throw new ParleyError("token_invalid", {
    message: "The token is not valid here: its user id must be a positive whole number.",
  });
}
