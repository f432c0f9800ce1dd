import type { Tone } from "../../parts/tone.js";

const TONES: Readonly<Record<string, Tone>> = {
  sent: "good",
  accepted: "good",
  done: "good",
  failed: "bad",
  refused: "bad",
  unrenderable: "bad",
  expired: "bad",
  gone: "bad",
  pending: "accent",
  waiting: "accent",
  running: "accent",
  due: "accent",
  claimed: "accent",
  not_decided: "accent",
  paused: "warn",
  suppressed: "warn",
};

export function outcomeTone(outcome: string): Tone {
  return TONES[outcome] ?? "plain";
}

/** The word of the contract as people write it. */
export function outcomeWords(outcome: string): string {
  const text = outcome.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
