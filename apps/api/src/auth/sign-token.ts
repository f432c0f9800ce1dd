import jwt, { type SignOptions } from "jsonwebtoken";

export interface TokenRequest {
  userId: string;
  role: string;
  name?: string | undefined;
  /** A number with a unit, such as `30s`, `15m`, `12h` or `7d`. */
  expires: string;
}

export interface SigningKey {
  secret: string;
  userIdClaim: string;
  issuer?: string | undefined;
  audience?: string | undefined;
}

/** Signs an HS256 token for development and tests; in production the platform's issuer does. */
export function signToken(key: SigningKey, request: TokenRequest): string {
  const claims = {
    [key.userIdClaim]: request.userId,
    role: request.role,
    ...(request.name === undefined ? {} : { name: request.name }),
  };
  return jwt.sign(claims, key.secret, {
    algorithm: "HS256",
    expiresIn: request.expires as NonNullable<SignOptions["expiresIn"]>,
    ...(key.issuer === undefined ? {} : { issuer: key.issuer }),
    ...(key.audience === undefined ? {} : { audience: key.audience }),
  });
}
