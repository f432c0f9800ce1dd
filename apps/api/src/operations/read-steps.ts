import { type NodeSample, nodeSample } from "@parley/contracts";
import type { ReportBoard } from "@parley/platform";
import { type Told, tellPart } from "./told.js";

/** What all processes counted in a step of time. */
export interface Step {
  /** The end of it. */
  at: Date;
  samples: NodeSample[];
}

/** The steps of the last minutes, the oldest first; none without Redis. Never rejects. */
export function readSteps(board: ReportBoard, minutes: number): Promise<Told<Step[]>> {
  const ask = async () =>
    (await board.steps(minutes)).map(({ at, samples }) => ({ at, samples: samples.flatMap(sampleOf) }));
  return tellPart(ask, { fallback: () => [], missing: "Of rates" });
}

function sampleOf(text: string): NodeSample[] {
  try {
    const sample = nodeSample.safeParse(JSON.parse(text)).data;
    return sample === undefined ? [] : [sample];
  } catch {
    return [];
  }
}

/** How often something was counted in these steps. */
export function sumOf(steps: readonly Step[], counter: string): number {
  return steps.reduce(
    (sum, { samples }) => sum + samples.reduce((all, one) => all + (one.counters[counter] ?? 0), 0),
    0,
  );
}

/** How much a second, by the time that each process took to count it. */
export function rateOf({ samples }: Step, counts: (counter: string) => boolean): number {
  const rate = samples.reduce((all, { counters, seconds }) => {
    const names = Object.keys(counters).filter(counts);
    return all + names.reduce((sum, name) => sum + (counters[name] ?? 0), 0) / seconds;
  }, 0);
  return Math.round(rate * 1_000) / 1_000;
}

/** The connections of all nodes in a step. */
export function connectionsOf({ samples }: Step): number {
  return samples.reduce((sum, { connections }) => sum + connections, 0);
}

/** Where so large a part of the values lies at most, in ms, by the bounds that they were counted by; null: there are none. */
export function quantileOf(
  steps: readonly Step[],
  of: { values: "acks" | "deliveries"; bounds: readonly number[]; part: number },
): number | null {
  const counts = of.bounds.map(() => 0);
  let beyond = 0;
  for (const sample of steps.flatMap(({ samples }) => samples)) {
    const values = sample[of.values];
    // Of a version with other bounds nothing can be added up.
    if (values?.length !== of.bounds.length + 1) continue;
    for (const place of counts.keys()) counts[place] = (counts[place] ?? 0) + (values[place] ?? 0);
    beyond += values.at(-1) ?? 0;
  }
  const total = counts.reduce((sum, count) => sum + count, beyond);
  if (total === 0) return null;
  let passed = 0;
  for (const [place, count] of counts.entries()) {
    const upper = of.bounds[place] ?? 0;
    if (passed + count >= total * of.part) {
      const lower = of.bounds[place - 1] ?? 0;
      const within = count === 0 ? 1 : (total * of.part - passed) / count;
      return Math.round((lower + (upper - lower) * within) * 100) / 100;
    }
    passed += count;
  }
  return of.bounds.at(-1) ?? null;
}
