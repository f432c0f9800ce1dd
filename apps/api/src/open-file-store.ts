import type { FileStore } from "@parley/engine";
import { type Log, type ObjectStorage, openImageReader, openStorage } from "@parley/platform";
import type { ApiConfig } from "./config.js";

/** Opens where this node keeps files; undefined where no storage is configured. */
export async function openFileStore(
  config: ApiConfig,
  log: Log,
): Promise<(FileStore & { storage: ObjectStorage }) | undefined> {
  const storage = await openStorage(config);
  if (storage === undefined) {
    log.warn({}, "There are no files: neither STORAGE_PATH nor S3_BUCKET is set");
    return undefined;
  }
  const pictures = await openImageReader(log);
  return { storage, pictures, maxBytes: config.MAX_FILE_SIZE, quotaBytes: config.FILE_QUOTA_BYTES };
}
