import { hmac } from "k6/crypto";
import encoding from "k6/encoding";

const DAY_SECONDS = 86_400;

/** A bearer token (JWT, HS256) of a user, good for a day. */
export function signToken(secret, { userId, role = "user" }) {
  const now = Math.floor(Date.now() / 1_000);
  const part = (value) => encoding.b64encode(JSON.stringify(value), "rawurl");
  const claims = { sub: userId, role, name: `user ${userId}`, iat: now, exp: now + DAY_SECONDS };
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  return `${signed}.${hmac("sha256", secret, signed, "base64rawurl")}`;
}
