import { ParleyError } from "@parley/contracts";

/** Where a list goes on, as an opaque text for whoever turns the page. */
export function writeCursor(place: readonly string[]): string {
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

/** The place that a cursor names, with as many parts as the list's cursors have. Throws invalid_input. */
export function readCursor(cursor: string, parts: number): string[] {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (Array.isArray(place) && place.length === parts && place.every(isStorable)) return place;
  } catch {
    // Answered below, as any other text that is no cursor.
  }
  const errors = [{ path: "cursor", message: "must be the `next_cursor` of an earlier page" }];
  throw new ParleyError("invalid_input", { errors });
}

/** Postgres can't be asked about NUL. */
function isStorable(part: unknown): part is string {
  return typeof part === "string" && !part.includes("\0");
}
