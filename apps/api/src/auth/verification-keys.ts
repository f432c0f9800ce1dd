import type { KeyObject } from "node:crypto";

export interface VerificationKeys {
  /** The key to verify a token with. Throws token_invalid when there is none by this id, or keys_unavailable. */
  find(keyId: string | undefined): Promise<KeyObject>;
}
