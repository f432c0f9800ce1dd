import type { RouteResult } from "@parley/client";
import type { Tone } from "../../parts/tone.js";

export type Queue = RouteResult<"GET /v1/admin/queues">["queues"][number];

/** What a queue is for, in an operator's words. */
export const PURPOSE: Record<Queue["name"], string> = {
  jobs: "Housekeeping: archive, files, checks",
  data: "Exports and erasures",
  notifications: "Deciding who is to be told of what",
  campaigns: "Finding the recipients of campaigns",
  push: "Pushes of messages",
  "push-bulk": "Pushes of campaigns",
};

export function queueTone({ trouble, failed, paused }: Queue): Tone {
  if (trouble !== null) return "bad";
  return failed > 0 || paused ? "warn" : "good";
}

export function queueState({ trouble, paused, active, waiting, failed }: Queue): string {
  if (paused) return "Paused";
  if (trouble !== null) return "In trouble";
  if (active + waiting > 0) return "Working";
  return failed > 0 ? "Jobs failed" : "Idle";
}
