import type { ApiConfig } from "../config.js";

/** How tokens are checked. */
export type AuthConfig = Pick<
  ApiConfig,
  | "JWT_ALGORITHM"
  | "JWT_SECRET"
  | "JWT_PUBLIC_KEY"
  | "JWT_JWKS_URL"
  | "JWT_ISSUER"
  | "JWT_AUDIENCE"
  | "JWT_USER_ID_CLAIM"
>;
