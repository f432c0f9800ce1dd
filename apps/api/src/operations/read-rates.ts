import { ACK_BOUNDS_MS, type RatesShape } from "@parley/contracts";
import { type ReportBoard, STEP_SECONDS } from "@parley/platform";
import { connectionsOf, quantileOf, rateOf, readSteps, type Step } from "./read-steps.js";

/** Rates and latencies of the last minutes, over all nodes. Never rejects. */
export async function readRates(board: ReportBoard, minutes: number): Promise<RatesShape> {
  const { part, incomplete } = await readSteps(board, minutes);
  return { step_seconds: STEP_SECONDS, points: part.map(pointOf), incomplete };
}

const named = (name: string) => (counter: string) => counter === name;
const FAILURES = new Set(["requests.failed", "socket.failed"]);

function pointOf(step: Step): RatesShape["points"][number] {
  const acks = { values: "acks", bounds: ACK_BOUNDS_MS } as const;
  return {
    at: step.at.toISOString(),
    messages_per_second: rateOf(step, named("messages")),
    deliveries_per_second: rateOf(step, named("deliveries")),
    requests_per_second: rateOf(step, named("requests")),
    errors_per_second: rateOf(step, (counter) => FAILURES.has(counter)),
    connections: connectionsOf(step),
    ack_p50_ms: quantileOf([step], { ...acks, part: 0.5 }),
    ack_p99_ms: quantileOf([step], { ...acks, part: 0.99 }),
    pushes_per_second: rateOf(step, (counter) => counter.startsWith("push.ended:")),
    push_failures_per_second: rateOf(step, (counter) => counter.startsWith("push.failed:")),
  };
}
