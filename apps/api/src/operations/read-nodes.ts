import { type NodeReport, type NodeShape, nodeReport } from "@parley/contracts";
import { type BoardEntry, LOST_AFTER_MS, type ReportBoard } from "@parley/platform";
import { describeDuration, describeTroubles } from "./describe-trouble.js";
import { type Told, tellPart } from "./told.js";

/** A node with its report, and how it looks from here. */
export interface SeenNode {
  report: NodeReport;
  shape: NodeShape;
}

export interface NodesSource {
  node: string;
  board: ReportBoard;
  /** Of the node that answers, as it is at this moment. */
  look: () => Promise<NodeReport>;
}

/** Every node that has reported within the hour; without Redis, the one that answers. Never rejects. */
export async function readNodes({ node, board, look }: NodesSource): Promise<Told<SeenNode[]>> {
  const fallback = async () => [seenNow(node, await look())];
  return tellPart(() => board.list().then((entries) => entries.flatMap(seenNode)), {
    fallback,
    missing: `Only ${node}, which answers this, is known; of the others`,
  });
}

function seenNow(node: string, report: NodeReport): SeenNode {
  const seenAt = new Date();
  return { report, shape: shapeOf({ node, seenAt, seenMsAgo: 0, drain: null }, report) };
}

function seenNode(entry: BoardEntry): SeenNode[] {
  const report = nodeReport.safeParse(parse(entry.report)).data;
  return report === undefined ? [] : [{ report, shape: shapeOf(entry, report) }];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function shapeOf(entry: Omit<BoardEntry, "report">, report: NodeReport): NodeShape {
  const { node, seenAt, seenMsAgo, drain } = entry;
  const isLost = seenMsAgo > LOST_AFTER_MS;
  // By the clock that says when it was seen; what it said stands still since.
  const words = describeTroubles(report.troubles, seenAt);
  const lost = `it has not reported for ${describeDuration(seenMsAgo)} and has not said goodbye: it hangs, was killed, or does not reach Redis`;
  const since = report.troubles.map((one) => one.since).sort()[0] ?? null;
  return {
    id: node,
    kind: report.kind,
    version: report.version,
    started_at: report.startedAt,
    seen_at: seenAt.toISOString(),
    state: stateOf(report, isLost),
    connections: report.connections,
    users: report.users,
    loop_lag_p99_ms: report.loopLagP99Ms,
    memory_bytes: report.memoryBytes,
    cpu_percent: report.cpuPercent,
    dependencies: Object.fromEntries(
      Object.entries(report.dependencies).map(([name, { ok, latencyMs, reason }]) => [
        name,
        { ok, latency_ms: latencyMs, reason },
      ]),
    ),
    trouble: isLost ? `${lost}${words === null ? "" : `. Before: ${words}`}` : words,
    trouble_since: isLost ? seenAt.toISOString() : since,
    drain_asked: drain === report.instance,
  };
}

function stateOf(report: NodeReport, isLost: boolean): NodeShape["state"] {
  if (isLost) return "lost";
  if (report.draining) return "draining";
  return report.troubles.length > 0 ? "degraded" : "ready";
}
