import { createWriteStream, type WriteStream } from "node:fs";
import type { RecordedEntry } from "../checker/history-entry.js";

type Unstamped<Entry> = Entry extends RecordedEntry ? Omit<Entry, "at"> : never;

/** Writes one process's part of a history, stamped with the clock that all processes of the machine share. */
export class Recorder {
  readonly #stream: WriteStream;
  #operations = 0;
  readonly #name: string;

  constructor(file: string, name: string) {
    this.#stream = createWriteStream(file);
    this.#name = name;
  }

  record(entry: Unstamped<RecordedEntry>): void {
    this.#stream.write(`${JSON.stringify({ at: machineTime(), ...entry })}\n`);
  }

  /** A name for an operation that no other has. */
  operation(): string {
    return `${this.#name}-${++this.#operations}`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#stream.end(resolve));
  }
}

/** Milliseconds since the machine was started; `performance.now()` counts from the start of each process. */
function machineTime(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
