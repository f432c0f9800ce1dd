import type { AccessList } from "./access-list.js";
import type { Authenticator } from "./create-authenticator.js";

/** Lets in only those whom the list does not keep out. */
export function withAccessList(authenticator: Authenticator, access: AccessList): Authenticator {
  return {
    admit: (identity) => {
      authenticator.admit(identity);
      access.assertAllowed(identity);
    },
    async authenticate(token) {
      const identity = await authenticator.authenticate(token);
      access.assertAllowed(identity);
      return identity;
    },
  };
}
