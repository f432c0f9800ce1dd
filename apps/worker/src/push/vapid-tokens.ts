import { sign } from "node:crypto";
import type { Clock } from "./clock.js";
import type { VapidKeys } from "./vapid-keys.js";

export interface VapidTokens {
  /** The `Authorization` for pushes to an origin (RFC 8292): signed once, and used until it is nearly over. */
  authorizationFor(origin: string): string;
  /** Forgets an origin's token, because the service did not like it: its clock may differ, or ours was wrong. */
  drop(origin: string): void;
}

export interface VapidTokensContext {
  keys: VapidKeys;
  clock: Clock;
  /** A number from 0 to 1. */
  random?: () => number;
}

/** RFC 8292 allows a day; half of it leaves room for clocks that differ. */
const LIFETIME_SECONDS = 12 * 3600;
/** A token is renewed this long before its end at the latest, and up to twice as long: origins and workers take turns. */
const RENEW_BEFORE_MS = 3600_000;
const MAX_ORIGINS = 1_000;

/** Signing costs more than all else of a push together when it is done for each; the standard lets an origin's pushes share one. */
export function createVapidTokens({ keys, clock, random = Math.random }: VapidTokensContext): VapidTokens {
  const tokens = new Map<string, { authorization: string; renewAt: number }>();
  return {
    authorizationFor: (origin) => {
      const now = clock.now();
      const held = tokens.get(origin);
      if (held && now < held.renewAt) return held.authorization;
      const expires = Math.floor(now / 1000) + LIFETIME_SECONDS;
      const token = signToken(keys, { aud: origin, exp: expires, sub: keys.subject });
      const authorization = `vapid t=${token}, k=${keys.publicKey}`;
      tokens.delete(origin);
      tokens.set(origin, { authorization, renewAt: expires * 1000 - RENEW_BEFORE_MS * (1 + random()) });
      const [oldest] = tokens.keys();
      if (tokens.size > MAX_ORIGINS && oldest !== undefined) tokens.delete(oldest);
      return authorization;
    },
    drop: (origin) => void tokens.delete(origin),
  };
}

const HEADER = base64Url({ typ: "JWT", alg: "ES256" });

function signToken({ signingKey }: VapidKeys, claims: object): string {
  const signed = `${HEADER}.${base64Url(claims)}`;
  // JOSE wants the two numbers side by side, not OpenSSL's DER.
  const signature = sign("sha256", Buffer.from(signed), { key: signingKey, dsaEncoding: "ieee-p1363" });
  return `${signed}.${signature.toString("base64url")}`;
}

function base64Url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
