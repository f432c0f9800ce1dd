import { Readable } from "node:stream";
import type { FileStorage } from "@parley/engine";

/** A storage in memory that can be broken. */
export interface TestStorage extends FileStorage {
  objects: Map<string, { bytes: Buffer; storedAt: Date }>;
  /** What every call fails with from now on, or only puts, after so many bytes; undefined: nothing. */
  failing: { error: Error; afterBytes?: number; onlyPuts?: boolean } | undefined;
  /** What interrupted puts are said to have left. */
  interrupted: number;
}

export function createTestStorage(): TestStorage {
  const checkPut = () => {
    if (storage.failing) throw storage.failing.error;
  };
  const check = () => {
    if (!storage.failing?.onlyPuts) checkPut();
  };
  const storage: TestStorage = {
    objects: new Map(),
    failing: undefined,
    interrupted: 0,
    put: async (key, bytes) => {
      const chunks: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of bytes) {
        chunks.push(chunk);
        size += chunk.length;
        if (size > (storage.failing?.afterBytes ?? 0)) checkPut();
      }
      checkPut();
      storage.objects.set(key, { bytes: Buffer.concat(chunks), storedAt: new Date() });
    },
    get: async (key, range) => {
      check();
      const bytes = storage.objects.get(key)?.bytes;
      return bytes && Readable.from([bytes.subarray(range?.first ?? 0, range && range.last + 1)]);
    },
    delete: async (key) => {
      check();
      storage.objects.delete(key);
    },
    list: async function* () {
      check();
      for (const [key, { storedAt }] of storage.objects) yield { key, storedAt };
    },
    clearInterrupted: async () => {
      check();
      return storage.interrupted;
    },
  };
  return storage;
}
