import type { Readable } from "node:stream";

/** The bytes from `first` to `last`, both included, counted from 0. */
export interface ByteRange {
  first: number;
  last: number;
}

/** Where the bytes are. Keys are the engine's own. What fails is thrown as it comes. */
export interface FileStorage {
  /** Resolves when the bytes are safe; leaves nothing when it rejects. */
  put(key: string, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** Undefined when there is no such object. */
  get(key: string, range?: ByteRange): Promise<Readable | undefined>;
  delete(key: string): Promise<void>;
  list(): AsyncIterable<{ key: string; storedAt: Date }>;
  /** Removes what interrupted puts have left that began before a time. */
  clearInterrupted(before: Date): Promise<number>;
}

/** Who knows pictures. Never rejects: what can't be read has no facts. */
export interface PictureReader {
  read(
    open: () => Promise<AsyncIterable<Uint8Array>>,
  ): Promise<{ width: number; height: number; thumbnail: Uint8Array } | undefined>;
}

/** What a process that handles files has for it. */
export interface FileStore {
  storage: FileStorage;
  /** Left out: pictures have neither sizes nor thumbnails. */
  pictures?: PictureReader | undefined;
  /** Bytes of one file. */
  maxBytes: number;
  /** Bytes of all files of one person. */
  quotaBytes: number;
}
