import type { Readable } from "node:stream";

/** The bytes from `first` to `last`, both included, counted from 0. */
export interface ByteRange {
  first: number;
  last: number;
}

export interface StoredObject {
  key: string;
  storedAt: Date;
}

/**
 * A place for objects that are written once and never changed. A key has lower-case letters, digits, `.` and `-`; it comes from the server,
 * never from a client. Failures of the place itself are thrown as they come.
 */
export interface ObjectStorage {
  /** Stores what the bytes yield, as they come. Resolves when they are safe; leaves nothing when it rejects. */
  put(key: string, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** The object's bytes; undefined when there is no such object. */
  get(key: string, range?: ByteRange): Promise<Readable | undefined>;
  /** Deletes an object; fine when there is none. */
  delete(key: string): Promise<void>;
  /** Every object, in no order. */
  list(): AsyncIterable<StoredObject>;
  /** Removes what interrupted puts have left that began before a time. Returns how many there were. */
  clearInterrupted(before: Date): Promise<number>;
  /** Looks whether the place is there and lets this process in; rejects, with a reason that names neither addresses nor keys. */
  check(): Promise<void>;
  close(): void;
}

const KEY = /^[a-z0-9][a-z0-9.-]{0,199}$/;

/** Throws on a key that this server can't have made. */
export function assertKey(key: string): void {
  if (!KEY.test(key) || key.includes("..")) throw new Error(`${JSON.stringify(key)} is no key of an object`);
}
