import { type Identity, ParleyError } from "@parley/contracts";
import type { Log } from "@parley/platform";
import jwt from "jsonwebtoken";
import type { AuthConfig } from "./auth-config.js";
import { chooseVerificationKeys } from "./choose-verification-keys.js";
import { readIdentity } from "./read-identity.js";

export interface Authenticator {
  /** Throws token_missing, token_invalid, token_expired, or keys_unavailable when the issuer can't be asked. */
  authenticate(token: string | undefined): Promise<Identity>;
  /** Throws when somebody whom a token has identified before may not come in any more. */
  admit(identity: Identity): void;
}

/** No honest token comes near it; the work that a stranger's token makes stays small. */
const TOKEN_LENGTH = 16_384;

const CLOCK_TOLERANCE_SECONDS = 5;

/** Makes the one place where a bearer token becomes an identity. */
export function createAuthenticator(config: AuthConfig, log?: Log): Authenticator {
  const keys = chooseVerificationKeys(config, log);
  const options: jwt.VerifyOptions & { complete: false } = {
    algorithms: [config.JWT_ALGORITHM],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    complete: false,
    ...(config.JWT_ISSUER === undefined ? {} : { issuer: config.JWT_ISSUER }),
    ...(config.JWT_AUDIENCE === undefined ? {} : { audience: config.JWT_AUDIENCE }),
  };
  return {
    admit: () => undefined,
    async authenticate(token) {
      if (typeof token !== "string" || token === "") throw new ParleyError("token_missing");
      const key = await keys.find(readKeyId(token, config.JWT_ALGORITHM));
      try {
        return readIdentity(jwt.verify(token, key, options), config.JWT_USER_ID_CLAIM);
      } catch (error) {
        throw asRefusal(error);
      }
    },
  };
}

/** The only thing that is believed of an unverified token: which of the issuer's keys to try. */
function readKeyId(token: string, algorithm: string): string | undefined {
  if (token.length > TOKEN_LENGTH) throw new ParleyError("token_invalid");
  const header = decodeHeader(token);
  // `alg` is checked again by the verification; here it saves looking for a key. Nothing that `crit` may demand is understood.
  if (header?.alg !== algorithm || header.crit !== undefined) throw new ParleyError("token_invalid");
  return typeof header.kid === "string" ? header.kid : undefined;
}

function decodeHeader(token: string): { alg?: unknown; kid?: unknown; crit?: unknown } | undefined {
  try {
    return jwt.decode(token, { complete: true })?.header;
  } catch {
    return undefined;
  }
}

function asRefusal(error: unknown): ParleyError {
  if (error instanceof ParleyError) return error;
  return new ParleyError(error instanceof jwt.TokenExpiredError ? "token_expired" : "token_invalid", {
    cause: error,
  });
}
