import { randomUUID } from "node:crypto";
import { ParleyError } from "@parley/contracts";
import type { FileStorage } from "../files/file-store.js";
import { guardStorage } from "../files/guard-storage.js";
import { type PackedSegment, packSegment, unpackSegment } from "./segment-codec.js";

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

/** A segment's text that was read, or made, before its chat was locked. */
export interface OpenedSegment extends Pick<KeptSegment, "checksum" | "storageKey"> {
  text: string;
}

/**
 * Packs a new segment, puts its bytes where they belong and, where that is not Postgres, reads them back; before its chat is locked. An object whose
 * segment is not stored after all, and nobody removes, is found by the sweep of the storage. Throws files_unavailable, storage_unavailable,
 * archive_unreadable.
 */
export async function placeSegment(
  files: SegmentFiles,
  { text, name }: { text: string; name: string },
): Promise<PlacedSegment> {
  const packed = await packSegment(text);
  const storedSize = packed.data.length;
  if (!files.isUsed) return { ...packed, storageKey: null, storedSize, text };
  const { storage } = files;
  if (storage === undefined) throw new ParleyError("files_unavailable");
  const storageKey = `archive-${randomUUID()}`;
  await guardStorage(() => storage.put(storageKey, once(packed.data)));
  const segment = { ...packed, data: new Uint8Array(), storageKey };
  return { ...segment, storedSize, text: await openSegment(files, { segment, name }) };
}

/** A segment whose bytes are where they belong, and that no row names yet. */
export interface PlacedSegment extends KeptSegment, OpenedSegment {
  storedSize: number;
}

/** The columns of a placed segment. Prisma wants bytes that are nobody else's. */
export function segmentColumns({ codec, checksum, rawSize, data, storageKey, storedSize }: PlacedSegment) {
  const bytes = { checksum: Uint8Array.from(checksum), data: Uint8Array.from(data) };
  return { codec, rawSize, ...bytes, storageKey, storedSize };
}

/**
 * A segment's text, byte by byte as it was archived. `opened`: what was read of it before; taken if the segment is still that one and elsewhere than
 * in Postgres, so that nobody waits for a storage while a chat is locked. Throws archive_unreadable, whose cause says which segment;
 * storage_unavailable.
 */
export async function openSegment(
  files: SegmentFiles,
  { segment, name, opened }: { segment: KeptSegment; name: string; opened?: OpenedSegment | undefined },
): Promise<string> {
  if (opened !== undefined && segment.storageKey !== null && isSameSegment(opened, segment))
    return opened.text;
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

/** Whether nobody has rewritten a segment since it was read. */
export function isSameSegment(opened: OpenedSegment, segment: Omit<OpenedSegment, "text">): boolean {
  return opened.storageKey === segment.storageKey && Buffer.compare(opened.checksum, segment.checksum) === 0;
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
  if (!isThere) throw new ObjectMissing();
  return Buffer.concat(chunks);
}

/** The storage has no such object. */
export class ObjectMissing extends Error {
  constructor() {
    super("it is missing");
  }
}

async function* once(data: Uint8Array): AsyncGenerator<Uint8Array> {
  yield data;
}
