import type { Log } from "@parley/platform";
import type { Clock } from "./clock.js";
import type { Encryption } from "./encryption.js";
import { EncryptionThreads } from "./encryption-threads.js";
import { createInlineEncryption } from "./inline-encryption.js";

/** Encryption in so many threads; with 0, on the caller's own. */
export function openEncryption(options: { threads: number; clock: Clock; log: Log }): Encryption {
  return options.threads === 0 ? createInlineEncryption() : new EncryptionThreads(options);
}
