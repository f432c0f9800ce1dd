import { randomBytes } from "node:crypto";

/** One of the objects that an export is stored as; together they are one tar. */
export interface ExportPart {
  /** Bytes. */
  size: number;
  /** Its name in the storage; left out by older versions, whose names follow from the place. */
  key?: string;
}

/**
 * A name in the storage for a part, beside the files' own, that nobody else gives: a worker that has lost its task without knowing it may still be
 * storing the same part, of other bytes.
 */
export function newPartKey(taskId: string, at: number): string {
  return `${oldPartKey(taskId, at)}-${randomBytes(4).toString("hex")}`;
}

/** The name of the part at a place. */
export function partKey(taskId: string, { parts, at }: { parts: readonly ExportPart[]; at: number }): string {
  return parts[at]?.key ?? oldPartKey(taskId, at);
}

function oldPartKey(taskId: string, at: number): string {
  return `export-${taskId}-${at}`;
}

const OBJECT = /^export-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-\d+(-[0-9a-f]{8})?$/;

/** Whose part an object of the storage is; undefined: none. */
export function taskOfPart(key: string): string | undefined {
  return OBJECT.exec(key)?.[1];
}
