import { QUEUE_NAMES, type QueueName, type QueueShape } from "@parley/contracts";
import type { JobDesk } from "@parley/platform";
import { describeQueue } from "./describe-queue.js";
import type { SeenNode } from "./read-nodes.js";
import { type Told, tellPart } from "./told.js";

const FAILURES_SHOWN = 20;

/** How all queues stand, and why one is stuck; none without Redis. Never rejects. */
export function readQueues(
  desk: Pick<JobDesk<QueueName>, "control">,
  nodes: readonly SeenNode[],
): Promise<Told<QueueShape[]>> {
  const live = nodes.filter(({ shape }) => shape.state !== "lost").map(({ report }) => report);
  const readOne = async (name: QueueName) => {
    const look = await desk.control(name).look({ failures: FAILURES_SHOWN });
    const slots = live.map((report) => report.slots[name] ?? 0).filter((count) => count > 0);
    const sum = slots.reduce((all, count) => all + count, 0);
    return describeQueue({ name, look, workers: slots.length, slots: sum });
  };
  return tellPart(() => Promise.all(QUEUE_NAMES.map(readOne)), { fallback: () => [], missing: "Of queues" });
}
