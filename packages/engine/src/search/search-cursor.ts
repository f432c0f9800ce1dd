import { ParleyError } from "@parley/contracts";

const FORM = /^[0-9a-z]{1,11}$/;

/** A cursor is the number of a message: what is older follows. */
export function encodeSearchCursor(number: number): string {
  return Buffer.from(`s${number.toString(36)}`).toString("base64url");
}

/** The number that a cursor names. Refuses: invalid_input. */
export function decodeSearchCursor(cursor: string): number {
  const text = Buffer.from(cursor, "base64url").toString();
  const number = Number.parseInt(text.slice(1), 36);
  if (!text.startsWith("s") || !FORM.test(text.slice(1)) || !Number.isSafeInteger(number)) {
    const errors = [{ path: "cursor", message: "must be the next_cursor of an earlier page" }];
    throw new ParleyError("invalid_input", { errors });
  }
  return number;
}
