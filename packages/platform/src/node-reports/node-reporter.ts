import type { Log } from "../logger.js";
import { type BoardSample, MOST_SAMPLE_BYTES, type ReportBoard, STEP_SECONDS } from "./report-board.js";

export interface NodeReporterOptions {
  board: ReportBoard;
  node: string;
  /** Of this process alone. */
  instance: string;
  /** What the node says of itself. */
  look: () => Promise<object>;
  /** What it has counted since `seconds` ago; asked for once in a step. */
  sample: () => Promise<object>;
  /** Somebody asked the node to drain; called once. */
  onDrain: () => void;
  log: Log;
  everyMs?: number;
}

const EVERY_MS = 5_000;
/** Past this, somebody who has not reported is lost: two reports may come late. */
export const LOST_AFTER_MS = 15_000;

/** What is kept while Redis is away: an hour, after which nobody asks for it. */
const MOST_SAMPLES = 3_600 / STEP_SECONDS;
/** Of those that were kept, so many go with a report. */
const SAMPLES_AT_ONCE = 60;

/**
 * Reports how a node is, every few seconds and from its start on. While Redis is away the next report says how the node is then; what was counted
 * meanwhile is kept by the steps in which it was, and told when Redis is back.
 */
export class NodeReporter {
  readonly #options: NodeReporterOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #sampledAt = performance.now();
  #sampledStep: number | undefined;
  /** Those that Redis is not known to have. Some of them it may have: told twice they are the same. */
  #untold: BoardSample[] = [];
  /** What Redis's clock is ahead of this process's; undefined until Redis has answered. */
  #aheadMs: number | undefined;
  #drains = false;
  #isWarned = false;
  #closed = false;

  constructor(options: NodeReporterOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#report().then(() => {
      if (!this.#closed) this.#timer = setTimeout(() => this.start(), this.#pause()).unref();
    });
  }

  /** Reports at once, as when something has changed that somebody waits to see. */
  async now(): Promise<void> {
    await this.#running;
    if (!this.#closed) await this.#report();
  }

  /** Says goodbye. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
    await this.#options.board.leave(this.#options.node).catch(() => undefined);
  }

  async #report(): Promise<void> {
    const { board, node, instance, look, log } = this.#options;
    try {
      await this.#sample();
      const report = JSON.stringify(await look());
      const samples = this.#untold.slice(0, SAMPLES_AT_ONCE);
      const { now, drain } = await board.write({ node, instance, report, samples });
      this.#untold = this.#untold.slice(samples.length);
      this.#aheadMs = now - performance.now();
      this.#isWarned = false;
      if (drain) this.#drain();
    } catch (error) {
      if (!this.#isWarned) log.warn({ err: error }, "This node could not report how it is; trying again");
      this.#isWarned = true;
    }
  }

  /** Each step has one sample. Before Redis has answered for the first time nobody knows its steps, and the first sample tells of all. */
  async #sample(): Promise<void> {
    const now = performance.now();
    if (this.#aheadMs === undefined) return;
    const step = Math.floor((now + this.#aheadMs) / 1_000 / STEP_SECONDS);
    if (step === this.#sampledStep) return;
    this.#sampledStep = step;
    const seconds = Math.max(0.1, Math.round((now - this.#sampledAt) / 100) / 10);
    this.#sampledAt = now;
    const text = JSON.stringify({ ...(await this.#options.sample()), seconds });
    // Kept, it would keep every report from being written.
    if (Buffer.byteLength(text) > MOST_SAMPLE_BYTES) {
      this.#options.log.warn(
        { bytes: Buffer.byteLength(text) },
        "what this node counted is too long to be told",
      );
      return;
    }
    this.#untold = [...this.#untold, { step, text }].slice(-MOST_SAMPLES);
  }

  /** In the middle between two borders of steps, so that each step gets its sample, and none gets two. */
  #pause(): number {
    const { everyMs = EVERY_MS } = this.#options;
    const late = (performance.now() + (this.#aheadMs ?? 0) + everyMs / 2) % everyMs;
    const left = everyMs - late;
    return left < everyMs / 5 ? left + everyMs : left;
  }

  #drain(): void {
    if (this.#drains) return;
    this.#drains = true;
    this.#options.onDrain();
  }
}
