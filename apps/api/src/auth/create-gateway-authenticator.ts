import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { type Identity, ParleyError } from "@parley/contracts";
import type { ApiConfig } from "../config.js";
import type { AccessList } from "./access-list.js";
import type { GatewayRequest } from "./gateway-request.js";
import { readGatewayIdentity, readGatewayUserId } from "./read-gateway-identity.js";

export interface GatewayAuthenticator {
  /**
   * Who is asking, by the word of a gateway that proves itself. Throws gateway_proof_required, gateway_proof_invalid, invalid_input
   * (names the fields), token_expired, user_blocked or token_revoked.
   */
  authenticate(request: GatewayRequest): Identity;
}

export interface GatewayAuthenticatorParts {
  access: Pick<AccessList, "assertAllowed">;
  /** Milliseconds since 1970. */
  clock?: () => number;
}

/** How far the clocks of gateway and server may be apart, and for how long a signature is good. */
const TOLERANCE_SECONDS = 60;
/** When the token runs out for which the gateway has let the user in; a gateway that knows no such thing leaves it out. */
const EXPIRES = "x-token-expires";
/** As for tokens that come here themselves. */
const EXPIRY_TOLERANCE_SECONDS = 5;

/** Makes the one place where a gateway's word becomes an identity. */
export function createGatewayAuthenticator(
  config: Pick<ApiConfig, "GATEWAY_SECRET" | "GATEWAY_PROOF">,
  { access, clock = Date.now }: GatewayAuthenticatorParts,
): GatewayAuthenticator {
  const { GATEWAY_SECRET: secrets = [], GATEWAY_PROOF: isProofNeeded } = config;
  return {
    authenticate(request) {
      const nowSeconds = Math.floor(clock() / 1_000);
      const signedAt = isProofNeeded ? checkProof(request, { secrets, nowSeconds }) : undefined;
      const issuedAt = Math.min(signedAt ?? nowSeconds, nowSeconds);
      // The gateway answers for the user at this moment; a revocation ends what began before it, and keeps out nobody for whom the
      // gateway, which has to look at the token again, vouches after it.
      const identity = { ...readGatewayIdentity(request), issuedAt, ...readExpiry(request, nowSeconds) };
      access.assertAllowed(identity);
      return identity;
    },
  };
}

interface Proof {
  secrets: readonly string[];
  nowSeconds: number;
}

/** Checks everything that is there. When it was signed, in Unix seconds; undefined for the bare secret. */
function checkProof(request: GatewayRequest, { secrets, nowSeconds }: Proof): number | undefined {
  const secret = single(request, "x-gateway-secret");
  const signature = single(request, "x-gateway-signature");
  if (secret === undefined && signature === undefined) throw new ParleyError("gateway_proof_required");
  if (secrets.length === 0) throw invalid("this server has no GATEWAY_SECRET");
  if (secret !== undefined && !secrets.some((ours) => isSame(secret, ours))) {
    throw invalid("X-Gateway-Secret is not the GATEWAY_SECRET of this server");
  }
  if (signature === undefined) return undefined;
  const timestamp = single(request, "x-gateway-timestamp") ?? "";
  if (!/^\d{1,12}$/.test(timestamp)) throw invalid("X-Gateway-Timestamp must be Unix seconds");
  if (Math.abs(Number(timestamp) - nowSeconds) > TOLERANCE_SECONDS) {
    throw invalid(`X-Gateway-Timestamp is more than ${TOLERANCE_SECONDS} s off`);
  }
  const expires = single(request, EXPIRES) || [];
  const signed = [request.method, request.path, readGatewayUserId(request), timestamp].concat(expires);
  if (!secrets.some((ours) => isSame(signature, hmac(signed.join("\n"), ours)))) {
    throw invalid(
      "X-Gateway-Signature is not that of `METHOD\\npath\\nuser_id\\ntimestamp`, with `\\n` and X-Token-Expires where that is sent",
    );
  }
  return Number(timestamp);
}

function readExpiry(request: GatewayRequest, nowSeconds: number): Pick<Identity, "expiresAt"> {
  const text = single(request, EXPIRES);
  if (text === undefined || text === "") return {};
  if (!/^\d{1,12}$/.test(text)) {
    const errors = [{ path: "token_expires", message: "must be Unix seconds in X-Token-Expires" }];
    throw new ParleyError("invalid_input", { errors });
  }
  const expiresAt = Number(text);
  if (expiresAt + EXPIRY_TOLERANCE_SECONDS <= nowSeconds) throw new ParleyError("token_expired");
  return { expiresAt };
}

function single(request: GatewayRequest, name: string): string | undefined {
  const [value, ...others] = request.header(name);
  if (others.length > 0) throw invalid(`${name} must be sent once`);
  return value;
}

/** Header values are bytes, which Node shows as Latin-1. The digests have the same length whatever was sent. */
function isSame(given: string, ours: string): boolean {
  return timingSafeEqual(digest(Buffer.from(given, "latin1")), digest(Buffer.from(ours, "utf8")));
}

function digest(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}

function hmac(text: string, secret: string): string {
  return createHmac("sha256", secret).update(text, "utf8").digest("hex");
}

function invalid(why: string): ParleyError {
  return new ParleyError("gateway_proof_invalid", { message: `The gateway's proof does not hold: ${why}.` });
}
