import type { Batch } from "@parley/contracts";
import {
  type Engine,
  type Enqueue,
  type FileStore,
  type MuteReader,
  openEngine,
  type VisitorReader,
} from "@parley/engine";

/** An engine that remembers what it published. */
export interface TestEngine {
  engine: Engine;
  batches: Batch[];
}

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** One process's engine over a test database; several of them stand for several nodes. */
export function openTestEngine(
  databaseUrl: string,
  options: {
    queueLimit?: number;
    poolSize?: number;
    enqueue?: Enqueue;
    files?: FileStore;
    archiveStore?: "postgres" | "files";
    clock?: () => Date;
    visitors?: VisitorReader;
    mutedUntil?: MuteReader;
  } = {},
): TestEngine {
  const batches: Batch[] = [];
  const engine = openEngine({
    databaseUrl,
    poolSize: 5,
    publish: (batch) => void batches.push(batch),
    log: SILENT,
    ...options,
  });
  return { engine, batches };
}
