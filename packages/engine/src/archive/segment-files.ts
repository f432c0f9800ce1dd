import { ParleyError } from "@parley/contracts";
import type { FileStorage } from "../files/file-store.js";
import { guardStorage } from "../files/guard-storage.js";
import { type PackedSegment, unpackSegment } from "./segment-codec.js";

/** Where the bytes of segments are that are not in Postgres. */
export interface SegmentFiles {
  /** Undefined: this process has none, and reads no segments that are there. */
  storage: FileStorage | undefined;
  /** New segments go there. */
  isUsed: boolean;
}

/** A segment with where its bytes are; null: in `data`. */
export interface KeptSegment extends PackedSegment {
  storageKey: string | null;
}

const OBJECT = /^archive-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether an object of the storage is a segment's. */
export function isSegmentKey(key: string): boolean {
  return OBJECT.test(key);
}

/** Puts a new segment's bytes where they belong. An object whose segment is not stored after all is found by the sweep of the storage. */
export async function placeSegment(
  { storage, isUsed }: SegmentFiles,
  { packed, id }: { packed: PackedSegment; id: string },
): Promise<KeptSegment> {
  if (!isUsed) return { ...packed, storageKey: null };
  if (storage === undefined) throw new ParleyError("files_unavailable");
  const storageKey = `archive-${id}`;
  await guardStorage(() => storage.put(storageKey, once(packed.data)));
  return { ...packed, data: new Uint8Array(), storageKey };
}

/** A segment's text, byte by byte as it was archived. Throws archive_unreadable, whose cause says which segment; storage_unavailable. */
export async function openSegment(
  files: SegmentFiles,
  { segment, name }: { segment: KeptSegment; name: string },
): Promise<string> {
  try {
    const data = segment.storageKey === null ? segment.data : await readObject(files, segment.storageKey);
    return await unpackSegment({ ...segment, data });
  } catch (error) {
    if (error instanceof ParleyError) throw error;
    const place = segment.storageKey === null ? "in archive_segments" : `in the object ${segment.storageKey}`;
    const why = error instanceof Error ? error.message : String(error);
    const cause = new Error(`The archive segment ${name} (${place}) can't be read: ${why}`, { cause: error });
    throw new ParleyError("archive_unreadable", { cause });
  }
}

async function readObject({ storage }: SegmentFiles, key: string): Promise<Uint8Array> {
  if (storage === undefined) throw new Error("neither STORAGE_PATH nor S3_BUCKET is set here");
  const chunks: Uint8Array[] = [];
  const isThere = await guardStorage(async () => {
    const stream = await storage.get(key);
    if (stream === undefined) return false;
    for await (const chunk of stream) chunks.push(chunk);
    return true;
  });
  if (!isThere) throw new Error("it is missing");
  return Buffer.concat(chunks);
}

async function* once(data: Uint8Array): AsyncGenerator<Uint8Array> {
  yield data;
}
