import type { RouteResult } from "@parley/client";
import type { Tone } from "../../parts/tone.js";

export type ClusterNode = RouteResult<"GET /v1/admin/nodes">["nodes"][number];

const URGENCY = ["lost", "degraded", "draining", "ready"];

/** Who needs somebody first. */
export function sickestFirst(nodes: readonly ClusterNode[]): ClusterNode[] {
  const rank = ({ state, trouble }: ClusterNode) => URGENCY.indexOf(state) + (trouble === null ? 0.5 : 0);
  return [...nodes].sort((a, b) => rank(a) - rank(b) || a.id.localeCompare(b.id, "en", { numeric: true }));
}

export function nodeTone({ state, trouble }: ClusterNode): Tone {
  if (state === "lost" || state === "degraded") return "bad";
  return state === "draining" || trouble !== null ? "warn" : "good";
}

export const STATE_WORDS: Record<ClusterNode["state"], string> = {
  ready: "Ready",
  degraded: "Degraded",
  draining: "Draining",
  lost: "Lost",
};
