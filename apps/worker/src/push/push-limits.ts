import type { KeyDoubtLimits } from "./key-doubt.js";
import type { LaneLimits } from "./origin-lanes.js";
import type { PostLimits } from "./post-push.js";

/** What one process may use of the services and they of it. Times in milliseconds. */
export interface PushLimits extends PostLimits, LaneLimits, KeyDoubtLimits {
  /** For a push from its turn to the end of its answer: encryption, connection, and a second try where one follows. */
  deadlineMs: number;
  /** An idle connection is closed after this long. */
  idleMs: number;
  /** Origins remembered at once, with their connections, holds and circuits. */
  origins: number;
  /** Pushes in a row without an answer that open an origin's circuit, and for how long it is open. */
  breakerFailures: number;
  breakerOpenMs: number;
  breakerMaxOpenMs: number;
}

export const DEFAULT_PUSH_LIMITS: PushLimits = {
  sockets: 50,
  waiting: 2_000,
  waitMs: 10_000,
  deadlineMs: 10_000,
  connectMs: 5_000,
  headersMs: 8_000,
  answerBytes: 16_384,
  answerHeaderBytes: 8_192,
  idleMs: 30_000,
  origins: 1_000,
  breakerFailures: 5,
  breakerOpenMs: 5_000,
  breakerMaxOpenMs: 300_000,
  keyRefusals: 5,
  keyHoldMs: 300_000,
  keyTrustMs: 3_600_000,
};
