import { externalId, type Identity, ParleyError, SYSTEM_USER_ID } from "@parley/contracts";
import type { JwtPayload } from "jsonwebtoken";

const ROLE_LENGTH = 64;

/** Takes who is asking from verified claims. Throws token_invalid when they don't say. */
export function readIdentity(claims: JwtPayload | string, userIdClaim: string): Identity {
  if (typeof claims === "string") throw refusal("it has no claims");
  // The verification checks `exp` only where there is one.
  if (typeof claims.exp !== "number" || !Number.isFinite(claims.exp)) throw refusal("it needs `exp`");
  const identity: Identity = {
    userId: readUserId(claims[userIdClaim], userIdClaim),
    role: readRole(claims.role),
    expiresAt: claims.exp,
  };
  if (identity.userId === SYSTEM_USER_ID && identity.role !== SYSTEM_USER_ID) {
    throw refusal(
      `\`${SYSTEM_USER_ID}\` is the platform's id, because messages of the chat itself stand under it; use another one`,
    );
  }
  if (typeof claims.iat === "number" && Number.isFinite(claims.iat)) identity.issuedAt = claims.iat;
  const name = readText(claims.name, 200);
  const email = readText(claims.email, 320);
  const picture = readText(claims.picture, 2048);
  if (name !== undefined) identity.name = name;
  if (email !== undefined) identity.email = email;
  // Shown as an image by other people's browsers.
  if (picture !== undefined && /^https?:\/\//i.test(picture)) identity.picture = picture;
  return identity;
}

function readUserId(value: unknown, claim: string): string {
  const text = Number.isSafeInteger(value) ? String(value) : value;
  const result = externalId.safeParse(text);
  if (!result.success) throw refusal(`its claim \`${claim}\` is no user id`);
  return result.data;
}

function readRole(value: unknown): string {
  if (value === undefined || value === null) return "user";
  const result = externalId.max(ROLE_LENGTH).safeParse(value);
  if (!result.success) throw refusal("its claim `role` is no role");
  return result.data;
}

/** Decoration is left out rather than refused: a long name must not keep anyone from chatting. */
function readText(value: unknown, limit: number): string | undefined {
  if (typeof value !== "string" || value.trim() === "" || value.length > limit) return undefined;
  // Postgres can't store NUL, and half of a surrogate pair has no UTF-8 form.
  return value.includes("\0") || /\p{Surrogate}/u.test(value) ? undefined : value;
}

function refusal(why: string): ParleyError {
  return new ParleyError("token_invalid", { message: `The token is not valid here: ${why}.` });
}
