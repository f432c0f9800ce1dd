import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { ClusterProcess } from "@parley/platform/local";

const LOOK_MS = 200;
const TOLD_LIMIT = 20;

/** Notices processes that end although nobody ended them, and what the logs say of faults. */
export class CrashWatch {
  readonly #processes: readonly ClusterProcess[];
  readonly #logDir: string;
  readonly #timer: NodeJS.Timeout;
  readonly #expected = new Set<string>();
  readonly #down = new Set<string>();
  #exits = 0;

  constructor(processes: readonly ClusterProcess[], logDir: string) {
    this.#processes = processes;
    this.#logDir = logDir;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** Runs what ends a process on purpose; its end does not count. */
  async expecting<Result>({ name }: ClusterProcess, work: () => Promise<Result>): Promise<Result> {
    this.#expected.add(name);
    try {
      return await work();
    } finally {
      this.#expected.delete(name);
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Processes that ended by themselves, or logged a fault that nothing caught. */
  get count(): number {
    return Math.max(this.#exits, this.#lines('"level":"fatal"').length);
  }

  /** What the processes logged as errors, each kind once. */
  errors(): string[] {
    const kinds = new Map<string, number>();
    for (const line of [...this.#lines('"level":"fatal"'), ...this.#lines('"level":"error"')]) {
      const kind = kindOf(line);
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
    return [...kinds].slice(0, TOLD_LIMIT).map(([kind, times]) => `${times} × ${kind}`);
  }

  #look(): void {
    for (const { name, pid } of this.#processes) {
      if (pid !== undefined) this.#down.delete(name);
      else if (!this.#expected.has(name) && !this.#down.has(name)) {
        this.#down.add(name);
        this.#exits++;
      }
    }
  }

  #lines(mark: string): string[] {
    return this.#processes.flatMap(({ name }) => {
      const file = path.join(this.#logDir, `${name}.log`);
      if (!existsSync(file)) return [];
      return readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line.includes(mark));
    });
  }
}

function kindOf(line: string): string {
  try {
    const { name, msg, err } = JSON.parse(line) as { name: string; msg: string; err?: { message?: string } };
    return `${name}: ${msg}${err?.message === undefined ? "" : ` (${err.message.split("\n").at(-1)})`}`;
  } catch {
    return line.slice(0, 200);
  }
}
