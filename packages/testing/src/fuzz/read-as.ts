import type { Fields } from "./fuzz-subject.js";

const FRAME_BYTES = 65_536;
const LEVELS = 32;

/** What a frame says by the rules that hold on every contract; undefined for one that must be refused unread. */
export function readAs(data: string | Buffer): Fields | undefined {
  if (typeof data !== "string" || Buffer.byteLength(data) > FRAME_BYTES) return undefined;
  return readObject(data);
}

/** An object of JSON, not deeper than contracts read; undefined for everything else. */
export function readObject(text: string): Fields | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return levelsOf(value) > LEVELS ? undefined : (value as Fields);
}

function levelsOf(value: object): number {
  let levels = 0;
  for (let nodes: object[] = [value]; nodes.length > 0; levels++) {
    nodes = nodes.flatMap((node) =>
      Object.values(node).filter((one) => typeof one === "object" && one !== null),
    );
  }
  return levels;
}
