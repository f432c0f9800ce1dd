import { type Identity, ParleyError } from "@parley/contracts";
import type { Caller } from "../caller.js";

/** Whom a call is for: the token's user names themself, an operator may name anybody. Throws forbidden. */
export function actingFor(
  { identity }: Caller,
  { account, field }: { account: string; field: string },
): Identity {
  if (account === identity.userId) return identity;
  if (identity.role === "admin") return { userId: account, role: "user" };
  throw new ParleyError("forbidden", { message: `\`${field}\` must be the account of your token.` });
}
