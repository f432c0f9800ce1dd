import { readFileSync } from "node:fs";
import path from "node:path";

/** The worker's version, as this package's manifest says. */
export function workerVersion(): string {
  const manifest = readFileSync(path.join(import.meta.dirname, "../package.json"), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
