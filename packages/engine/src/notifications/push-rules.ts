/** The numbers that decisions depend on. */
export interface PushRules {
  /** How long somebody who is active on a device has to read a message there before it is pushed. */
  delayMs: number;
  /** Pushes that one person gets in a minute. */
  perMinute: number;
  /** How long a node may take to prove that it lives, before a person who looked at the chat there is pushed after all. */
  viewingWaitMs: number;
  viewingWaits: number;
  /** Age from which nothing is pushed any more. */
  maxAgeMs: number;
}

export const PUSH_RULES: PushRules = {
  delayMs: 2_000,
  perMinute: 30,
  viewingWaitMs: 5_000,
  viewingWaits: 3,
  maxAgeMs: 24 * 3_600_000,
};
