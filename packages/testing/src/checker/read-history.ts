import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { RecordedEntry } from "./history-entry.js";

/** Reads histories from JSONL files. A last line that a killed process left half written is skipped. */
export async function readHistory(files: readonly string[]): Promise<RecordedEntry[]> {
  const entries: RecordedEntry[] = [];
  for (const file of files) {
    for await (const line of createInterface({ input: createReadStream(file) })) {
      const entry = parse(line);
      if (entry !== undefined) entries.push(entry);
    }
  }
  return entries;
}

function parse(line: string): RecordedEntry | undefined {
  try {
    return JSON.parse(line) as RecordedEntry;
  } catch {
    return undefined;
  }
}
