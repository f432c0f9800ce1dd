import type { Rival, Rivals } from "./rivals.js";
import { type Contestant, connectRooms, type RoomPlan, type Round, runRound } from "./rounds.js";

/** Everything measured of one rival in rooms of one size. */
export interface RoomResult {
  rival: string;
  size: number;
  closed: Round[];
  /** At half of the relay's peak. */
  open: Round[];
}

export interface RoomOptions {
  plan: RoomPlan;
  contestants: Rival[];
  rounds: number;
  windowMs: number;
  log: (line: string) => void;
}

const WARM_UP_MS = 1_000;

/** A closed loop by turns, then everybody at half of what the relay reached. */
export async function measureRooms(rivals: Rivals, options: RoomOptions): Promise<RoomResult[]> {
  const { plan, rounds, windowMs, log } = options;
  const results = options.contestants.map((rival) => ({
    rival: rival.name,
    size: plan.size,
    closed: [] as Round[],
    open: [] as Round[],
  }));
  const contestants: Contestant[] = [];
  try {
    for (const rival of options.contestants) contestants.push(await connectRooms(rival, plan));
    const { inFlight } = plan;
    // What a process compiles and a cache takes in on its first round is nobody's speed.
    for (const contestant of contestants)
      await runRound(rivals, contestant, { type: "closed", inFlight, warmUpMs: WARM_UP_MS, windowMs });
    for (let round = 0; round < rounds; round++) {
      for (const [index, contestant] of contestants.entries()) {
        const order = { type: "closed" as const, inFlight, warmUpMs: WARM_UP_MS, windowMs };
        const measured = await runRound(rivals, contestant, order);
        results[index]?.closed.push(measured);
        log(lineOf(plan, contestant, measured));
      }
    }
    const peak = median(resultOf(results, rivals.relay).map(({ sendsPerSecond }) => sendsPerSecond));
    if (Number.isNaN(peak)) return results;
    const perSecond = peak / 2;
    for (let round = 0; round < rounds; round++) {
      for (const [index, contestant] of contestants.entries()) {
        // The one that can't by far would only fill its queues.
        if (contestant.rival === rivals.naive) continue;
        const order = { type: "open" as const, perSecond, warmUpMs: WARM_UP_MS, windowMs };
        const measured = await runRound(rivals, contestant, order);
        results[index]?.open.push(measured);
        log(`at ${perSecond.toFixed(0)} sends/s: ${lineOf(plan, contestant, measured)}`);
      }
    }
    return results;
  } finally {
    for (const { generator } of contestants) await generator.stop();
  }
}

function resultOf(results: RoomResult[], rival: Rival): Round[] {
  return results.find(({ rival: name }) => name === rival.name)?.closed ?? [];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

function lineOf(plan: RoomPlan, { rival }: Contestant, round: Round): string {
  const { sendsPerSecond, deliveriesPerSecond, ackMs, deliveryMs, refused, lost, doubled, dropped } = round;
  const faults = Object.entries({ refused, lost, doubled, dropped }).filter(([, count]) => count > 0);
  return [
    `rooms of ${plan.size}, ${rival.name}: ${sendsPerSecond.toFixed(0)} sends/s, ${deliveriesPerSecond.toFixed(0)} deliveries/s`,
    `ack p50 ${ackMs.p50.toFixed(1)} p99 ${ackMs.p99.toFixed(1)}, delivery p50 ${deliveryMs.p50.toFixed(1)} p99 ${deliveryMs.p99.toFixed(1)} ms`,
    ...faults.map(([name, count]) => `${count} ${name}`),
  ].join("; ");
}
