import { createHash } from "node:crypto";

/** The ETag of a text: the same for as long as the text is. */
export function contentTag(text: string): string {
  return `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
}
