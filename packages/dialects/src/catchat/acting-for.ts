import { type Identity, ParleyError, SYSTEM_USER_ID } from "@parley/contracts";
import type { Caller } from "../caller.js";

/** Whom a call is for: the token's user names themself, an operator may name anybody but the chat itself. Throws forbidden. */
export function actingFor(
  { identity }: Caller,
  { account, field }: { account: string; field: string },
): Identity {
  if (account === identity.userId) return identity;
  if (account === SYSTEM_USER_ID) {
    throw new ParleyError("forbidden", {
      message: `\`${field}\` must not be \`${SYSTEM_USER_ID}\`: messages of the chat itself stand under it.`,
    });
  }
  if (identity.role === "admin") return { userId: account, role: "user" };
  throw new ParleyError("forbidden", { message: `\`${field}\` must be the account of your token.` });
}
