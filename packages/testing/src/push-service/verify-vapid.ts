import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { Refusal } from "./refusal.js";
import { rememberLatest } from "./remember-latest.js";

/** Who sent a push, as the token says and its signature proves. */
export interface Vapid {
  claims: {
    aud: string | string[];
    /** Seconds since 1970. */
    exp: number;
    sub: string;
  };
  /** The uncompressed point on P-256, base64url: what a subscription calls its `applicationServerKey`. */
  publicKey: string;
}

const LONGEST_LIFE_SECONDS = 24 * 60 * 60;
const BASE64URL = /^[A-Za-z0-9_-]+$/;
/** Good senders use a token for hours and for all users: its signature is looked at once, and their key is read once in any case. */
const REMEMBERED = 1_000;

/**
 * Makes a function that verifies the `Authorization` header of a push (RFC 8292) for the service at `origin`, by the clock `now`
 * (milliseconds). It refuses with 401 what is no `vapid t=…, k=…`, and with 403 and a reason: another algorithm than ES256, a signature
 * that k did not make, an audience without this origin, an `exp` that is over or more than 24 hours away, a `sub` that is neither
 * `mailto:` nor `https:`.
 */
export function createVapidVerifier({ origin, now }: { origin: string; now: () => number }) {
  const keyOf = rememberLatest(REMEMBERED, readKey);
  const prove = rememberLatest(REMEMBERED, (authorization: string) => {
    const credentials = readCredentials(authorization);
    return proveOrigin(origin, { ...credentials, key: keyOf(credentials.publicKey) });
  });
  return (authorization: string | undefined): Vapid => {
    if (authorization === undefined) throw new Refusal(401, "the Authorization header is missing");
    const vapid = prove(authorization);
    checkLife(vapid, now() / 1000);
    return vapid;
  };
}

interface Credentials {
  token: string;
  publicKey: string;
}

function readCredentials(authorization: string): Credentials {
  const [scheme = "", rest = ""] = authorization.trim().split(/ +(.*)/s);
  if (scheme.toLowerCase() !== "vapid") throw new Refusal(401, `the scheme "${scheme}" is not vapid`);
  const parameters = new Map(
    rest.split(",").map((parameter) => {
      const [name = "", value = ""] = parameter.trim().split(/=(.*)/s);
      return [name.toLowerCase(), value.replace(/^"(.*)"$/, "$1")];
    }),
  );
  const token = parameters.get("t") ?? "";
  const publicKey = parameters.get("k") ?? "";
  if (token === "" || publicKey === "") throw new Refusal(401, "vapid needs the parameters t and k");
  return { token, publicKey };
}

function proveOrigin(origin: string, { token, publicKey, key }: Credentials & { key: KeyObject }): Vapid {
  const parts = token.split(".");
  const [header = "", payload = "", signature = ""] = parts;
  if (parts.length !== 3 || !parts.every((part) => BASE64URL.test(part))) {
    throw new Refusal(403, "the token is not three parts of base64url");
  }
  const { alg } = readJson(header);
  if (alg !== "ES256") throw new Refusal(403, `the token's algorithm is ${String(alg)} and not ES256`);
  const proof = Buffer.from(signature, "base64url");
  const signer = { key, dsaEncoding: "ieee-p1363" as const };
  if (!verify("sha256", Buffer.from(`${header}.${payload}`), signer, proof)) {
    throw new Refusal(403, "the signature is not one of the key k");
  }
  return { claims: readClaims(origin, readJson(payload)), publicKey };
}

function readJson(part: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    if (typeof json === "object" && json !== null) return json as Record<string, unknown>;
  } catch {
    // Refused below, like JSON that is no object.
  }
  throw new Refusal(403, "a part of the token is not a JSON object");
}

function readKey(publicKey: string): KeyObject {
  const point = Buffer.from(publicKey, "base64url");
  if (!BASE64URL.test(publicKey) || point.length !== 65 || point[0] !== 0x04) {
    throw new Refusal(403, "the key k is not an uncompressed point of P-256 in base64url");
  }
  const x = point.toString("base64url", 1, 33);
  const y = point.toString("base64url", 33);
  try {
    return createPublicKey({ format: "jwk", key: { kty: "EC", crv: "P-256", x, y } });
  } catch {
    throw new Refusal(403, "the key k is not a point of P-256");
  }
}

function readClaims(origin: string, { aud, exp, sub }: Record<string, unknown>): Vapid["claims"] {
  if (!isAudience(aud) || ![aud].flat().includes(origin)) {
    throw new Refusal(403, `the audience is ${JSON.stringify(aud)} and not ${origin}`);
  }
  if (typeof exp !== "number" || !Number.isFinite(exp)) throw new Refusal(403, "exp is not a number");
  if (typeof sub !== "string" || !/^(mailto:|https:\/\/)./.test(sub)) {
    throw new Refusal(403, `sub is ${JSON.stringify(sub)} and neither mailto: nor https:`);
  }
  return { aud, exp, sub };
}

function isAudience(aud: unknown): aud is string | string[] {
  return typeof aud === "string" || (Array.isArray(aud) && aud.every((one) => typeof one === "string"));
}

function checkLife({ claims: { exp } }: Vapid, nowSeconds: number): void {
  if (exp <= nowSeconds) throw new Refusal(403, "the token has expired");
  if (exp > nowSeconds + LONGEST_LIFE_SECONDS) {
    throw new Refusal(403, "the token is for more than 24 hours");
  }
}
