import { encryptPush } from "./encrypt-push.js";
import {
  type EncryptedPush,
  type Encryption,
  EncryptionRefused,
  EncryptionUnavailable,
  type PlainPush,
} from "./encryption.js";

interface Task {
  push: PlainPush;
  resolve: (encrypted: EncryptedPush) => void;
  reject: (error: Error) => void;
}

/** About two milliseconds of work: others get a turn after it. */
const BATCH_SIZE = 16;

/**
 * Encrypts on the caller's own thread, which does nothing else meanwhile. What was asked for in one round of the loop is done in one go:
 * one here and one there between other work takes a third longer, because the processor's caches have forgotten all about it.
 */
export function createInlineEncryption(): Encryption {
  let waiting: Task[] = [];
  let closed = false;
  const encryptSome = () => {
    for (const task of waiting.splice(0, BATCH_SIZE)) encryptOne(task);
    if (waiting.length > 0) setImmediate(encryptSome);
  };
  return {
    encrypt: (push) => {
      if (closed) return Promise.reject(new EncryptionUnavailable("it is closed"));
      return new Promise((resolve, reject) => {
        if (waiting.push({ push, resolve, reject }) === 1) setImmediate(encryptSome);
      });
    },
    close: async () => {
      closed = true;
      for (const { reject } of waiting) reject(new EncryptionUnavailable("it is closed"));
      waiting = [];
    },
  };
}

function encryptOne({ push, resolve, reject }: Task): void {
  try {
    resolve(encryptPush(push));
  } catch (error) {
    reject(new EncryptionRefused(error instanceof Error ? error.message : "unknown"));
  }
}
