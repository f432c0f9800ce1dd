import { Worker } from "node:worker_threads";
import type { Log } from "@parley/platform";
import type { Clock } from "./clock.js";
import {
  type EncryptedPush,
  type Encryption,
  EncryptionRefused,
  EncryptionUnavailable,
  type PlainPush,
} from "./encryption.js";

/** What a thread is given at once, to share the cost of the way there and back. */
export interface Batch {
  id: number;
  pushes: PlainPush[];
}

export interface BatchResult {
  id: number;
  /** All bodies, one after the other. */
  bytes: ArrayBuffer;
  results: Array<{ headers: string[]; length: number } | { problem: string }>;
}

/** As much of a worker thread as is used of it. */
export interface EncryptionThread {
  on(event: "message", listener: (result: BatchResult) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "exit", listener: () => void): unknown;
  postMessage(batch: Batch): void;
  terminate(): Promise<unknown>;
  unref(): void;
}

export interface EncryptionThreadsOptions {
  /** How many, at least 1. */
  threads: number;
  clock: Clock;
  log: Log;
  /** Starts a thread; tests hand in threads that fail. */
  startThread?: () => EncryptionThread;
}

interface Task {
  push: PlainPush;
  tries: number;
  resolve: (encrypted: EncryptedPush) => void;
  reject: (error: Error) => void;
}

/** One thread's place in the pool. Threads come and go, the place stays. */
interface Place {
  thread: EncryptionThread | undefined;
  batches: Map<number, { tasks: Task[]; cancelWatch: () => void }>;
  /** Ends in a row without a batch between them. */
  crashes: number;
}

const MAX_WAITING = 10_000;
const BATCH_SIZE = 16;
/** The second waits in the thread's mail, so that it never waits for this thread's loop. */
const BATCHES_AHEAD = 2;
/** A batch takes some milliseconds; a thread that does not answer for this long will not. */
const BATCH_PATIENCE_MS = 5_000;
const TRIES = 2;
const CRASHES_TOLERATED = 3;
const LONGEST_PAUSE_MS = 10_000;

/** Encrypts in threads of its own, so that other work, such as the renewal of job locks, does not wait for it. */
export class EncryptionThreads implements Encryption {
  private readonly places: Place[] = [];
  private waiting: Task[] = [];
  private nextId = 1;
  private dispatching = false;
  private closed = false;

  constructor(private readonly options: EncryptionThreadsOptions) {
    for (let index = 0; index < options.threads; index++) {
      const place: Place = { thread: undefined, batches: new Map(), crashes: 0 };
      this.places.push(place);
      this.start(place);
    }
  }

  encrypt(push: PlainPush): Promise<EncryptedPush> {
    if (this.closed || this.waiting.length >= MAX_WAITING || this.isBroken())
      return Promise.reject(new EncryptionUnavailable("nobody encrypts"));
    return new Promise((resolve, reject) => {
      this.waiting.push({ push, tries: 0, resolve, reject });
      this.dispatchSoon();
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    this.rejectWaiting();
    await Promise.all(this.places.map((place) => place.thread?.terminate()));
  }

  /** Whether every thread keeps dying, so that waiting has no end. */
  private isBroken(): boolean {
    return this.places.every(({ thread, crashes }) => !thread && crashes >= CRASHES_TOLERATED);
  }

  private start(place: Place): void {
    const thread = (this.options.startThread ?? startThread)();
    thread.unref();
    place.thread = thread;
    thread.on("message", (result: BatchResult) => this.settle(place, result));
    // An error is always followed by the exit.
    thread.on("error", (error) => this.options.log.error({ err: error }, "A push encryption thread failed"));
    thread.on("exit", () => this.replace(place));
    this.dispatchSoon();
  }

  /** After the events of this round of the loop: what they ask for goes as one batch. */
  private dispatchSoon(): void {
    if (this.dispatching) return;
    this.dispatching = true;
    setImmediate(() => {
      this.dispatching = false;
      this.dispatch();
    });
  }

  private dispatch(): void {
    for (let round = 0; round < BATCHES_AHEAD; round++) {
      for (const place of this.places) {
        const isFree = place.thread !== undefined && place.batches.size <= round;
        if (isFree && this.waiting.length > 0) this.post(place, this.waiting.splice(0, BATCH_SIZE));
      }
    }
  }

  private post(place: Place, tasks: Task[]): void {
    const id = this.nextId++;
    const cancelWatch = this.options.clock.after(BATCH_PATIENCE_MS, () => void place.thread?.terminate());
    place.batches.set(id, { tasks, cancelWatch });
    const batch: Batch = { id, pushes: tasks.map(({ push }) => push) };
    place.thread?.postMessage(batch);
  }

  private settle(place: Place, { id, bytes, results }: BatchResult): void {
    const batch = place.batches.get(id);
    if (!batch) return;
    place.batches.delete(id);
    place.crashes = 0;
    batch.cancelWatch();
    this.dispatch();
    let offset = 0;
    for (const [index, { resolve, reject }] of batch.tasks.entries()) {
      const result = results[index];
      if (result && "length" in result) {
        resolve({ headers: result.headers, body: new Uint8Array(bytes, offset, result.length) });
        offset += result.length;
      } else reject(new EncryptionRefused(result?.problem ?? "unknown"));
    }
  }

  /** A thread is gone: what it had is tried once more, and another one takes its place after a pause. */
  private replace(place: Place): void {
    place.thread = undefined;
    place.crashes += 1;
    const lost = [...place.batches.values()];
    place.batches.clear();
    for (const { cancelWatch } of lost) cancelWatch();
    const tasks = lost.flatMap((batch) => batch.tasks);
    for (const task of tasks) task.tries += 1;
    this.waiting = [...tasks.filter(({ tries }) => tries < TRIES), ...this.waiting];
    for (const task of tasks)
      if (task.tries >= TRIES) task.reject(new EncryptionUnavailable("it was lost twice"));
    if (this.closed || this.isBroken()) this.rejectWaiting();
    if (this.closed) return;
    const pauseMs = Math.min(100 * 2 ** place.crashes, LONGEST_PAUSE_MS);
    this.options.log.error(
      { crashes: place.crashes, pauseMs },
      "A push encryption thread ended; another follows",
    );
    this.options.clock.after(pauseMs, () => {
      if (!this.closed) this.start(place);
    });
    this.dispatchSoon();
  }

  private rejectWaiting(): void {
    for (const { reject } of this.waiting.splice(0)) reject(new EncryptionUnavailable("nobody encrypts"));
  }
}

function startThread(): EncryptionThread {
  return new Worker(new URL("./encryption-thread.js", import.meta.url), { name: "push-encryption" });
}
