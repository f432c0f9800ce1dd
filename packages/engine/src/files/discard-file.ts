import type { Engine } from "../engine.js";
import { fileStoreOf } from "./file-store-of.js";

const FORGET = { name: "forget-file", text: "DELETE FROM files WHERE id = $1" };

/**
 * Removes a file that nobody may need: its objects, then its row, which until then remembers that there is something to remove. Returns
 * whether that worked; if not, the row is looked at again later.
 */
export async function discardFile(engine: Engine, id: string): Promise<boolean> {
  const { storage } = fileStoreOf(engine);
  try {
    await storage.delete(objectKey(id));
    await storage.delete(thumbnailKey(id));
    await engine.database.pool.query({ ...FORGET, values: [id] });
    return true;
  } catch (error) {
    engine.log.warn({ err: error, fileId: id }, "A file could not be removed; it is tried again later");
    return false;
  }
}

/** The name of a file's bytes in the storage. */
export function objectKey(id: string): string {
  return id;
}

export function thumbnailKey(id: string): string {
  return `${id}.thumbnail`;
}
