import { createSecretKey, type KeyObject } from "node:crypto";
import type { Log } from "@parley/platform";
import type { AuthConfig } from "./auth-config.js";
import { createPublishedKeys } from "./published-keys.js";
import type { VerificationKeys } from "./verification-keys.js";

/** Chooses where keys come from, by configuration alone. */
export function chooseVerificationKeys(config: AuthConfig, log?: Log): VerificationKeys {
  const {
    JWT_ALGORITHM: algorithm,
    JWT_SECRET: secret,
    JWT_PUBLIC_KEY: publicKey,
    JWT_JWKS_URL: url,
  } = config;
  if (algorithm === "HS256") {
    if (secret === undefined) throw new Error("HS256 needs JWT_SECRET.");
    return fixedKey(createSecretKey(Buffer.from(secret, "utf8")));
  }
  if (publicKey !== undefined) {
    if (publicKey.fits !== algorithm) throw new Error(`JWT_PUBLIC_KEY is no key for ${algorithm}.`);
    return fixedKey(publicKey.key);
  }
  if (url === undefined) throw new Error(`${algorithm} needs JWT_PUBLIC_KEY or JWT_JWKS_URL.`);
  return createPublishedKeys({ url, algorithm, log });
}

function fixedKey(key: KeyObject): VerificationKeys {
  return { find: async () => key };
}
