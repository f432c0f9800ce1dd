import { createPublicKey, type KeyObject } from "node:crypto";
import { ParleyError } from "@parley/contracts";
import type { Log } from "@parley/platform";
import jwksRsa from "jwks-rsa";
import { algorithmOf, type PublicKey } from "../config-fields.js";
import type { VerificationKeys } from "./verification-keys.js";

export interface PublishedKeysOptions {
  url: string;
  algorithm: PublicKey["fits"];
  log?: Log | undefined;
  clock?: () => number;
}

type KeySet = ReadonlyMap<string | undefined, KeyObject>;

const FRESH_MS = 10 * 60_000;
/** While the issuer does not answer, known keys serve this long; a withdrawn key can't live longer. */
const STALE_MS = 24 * 60 * 60_000;
/** Strangers' tokens with made-up key ids cause at most one request in this time, and a new key is found within it. */
const ASK_AGAIN_MS = 5000;
const TIMEOUT_MS = 5000;

/**
 * Keys that the issuer publishes. The whole set is kept, not a cache by key id: an id that nobody has ever published
 * must neither push a good key out nor use up the allowance of requests.
 */
export function createPublishedKeys(options: PublishedKeysOptions): VerificationKeys {
  const { clock = Date.now } = options;
  const client = jwksRsa({ jwksUri: options.url, cache: false, rateLimit: false, timeout: TIMEOUT_MS });
  let keys: KeySet = new Map();
  let loadedAt = Number.NEGATIVE_INFINITY;
  let askedAt = Number.NEGATIVE_INFINITY;
  let failed = false;
  let loading: Promise<void> | undefined;

  const load = async () => {
    askedAt = clock();
    try {
      keys = keysFor(await client.getSigningKeys(), options.algorithm);
      loadedAt = clock();
      failed = false;
    } catch (error) {
      if (!failed)
        options.log?.warn(
          { err: error },
          "The token issuer's keys can't be read; those known so far are used",
        );
      failed = true;
    }
    loading = undefined;
  };

  const refresh = async () => {
    if (loading === undefined && clock() - askedAt >= ASK_AGAIN_MS) loading = load();
    await loading;
  };

  return {
    async find(keyId) {
      const age = clock() - loadedAt;
      const known = age <= STALE_MS ? pick(keys, keyId) : undefined;
      if (known !== undefined && age > FRESH_MS) void refresh();
      if (known !== undefined) return known;
      await refresh();
      const found = clock() - loadedAt <= STALE_MS ? pick(keys, keyId) : undefined;
      if (found !== undefined) return found;
      throw failed
        ? new ParleyError("keys_unavailable", { retryAfterMs: ASK_AGAIN_MS })
        : new ParleyError("token_invalid");
    },
  };
}

/** A token that names no key is tried with the only one, never with several. */
function pick(keys: KeySet, keyId: string | undefined): KeyObject | undefined {
  if (keyId !== undefined) return keys.get(keyId);
  const [first, ...others] = keys.values();
  return others.length === 0 ? first : undefined;
}

function keysFor(
  published: Awaited<ReturnType<jwksRsa.JwksClient["getSigningKeys"]>>,
  algorithm: PublicKey["fits"],
): KeySet {
  const fitting = new Map<string | undefined, KeyObject>();
  for (const entry of published) {
    if (entry.alg !== undefined && entry.alg !== algorithm) continue;
    const key = createPublicKey(entry.getPublicKey());
    if (algorithmOf(key) === algorithm) fitting.set(entry.kid, key);
  }
  return fitting;
}
