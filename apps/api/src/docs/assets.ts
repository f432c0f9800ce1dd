import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";

/** Lies beside `src` and `dist`, so that the same path leads there from both. */
export const assetFolder = path.join(import.meta.dirname, "../../public/docs");

const hashes = new Map<string, string>();

/** Where a page finds a file of `public/docs`. The address changes with the content, so it may be cached for ever. */
export function assetUrl(name: string): string {
  const hash = hashes.get(name) ?? hashOf(name);
  hashes.set(name, hash);
  return `/docs/assets/${name}?v=${hash}`;
}

function hashOf(name: string): string {
  return createHash("sha256")
    .update(readFileSync(path.join(assetFolder, name)))
    .digest("hex")
    .slice(0, 12);
}
