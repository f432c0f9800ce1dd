import { setTimeout as sleep } from "node:timers/promises";
import { testToken } from "../../test-token.js";
import { Generator } from "./generator.js";
import type { GeneratorOrder, RoundResult } from "./generator-protocol.js";
import { cpuSeconds } from "./process-cpu.js";
import type { Rival, Rivals } from "./rivals.js";

/** One round of one rival, with what it cost. CPU in microseconds per message. */
export interface Round extends RoundResult {
  cpu: { api: number; redis: number; postgres: number; worker: number; generator: number };
}

/** How many rooms of which size, and how many messages a closed loop keeps under way in all of them. */
export interface RoomPlan {
  size: number;
  rooms: number;
  inFlight: number;
}

/** The clients of one rival in their rooms, ready to be measured. */
export interface Contestant {
  rival: Rival;
  generator: Generator;
}

/** Everybody of every room connects, neighbours in a room to different nodes. */
export async function connectRooms(rival: Rival, plan: RoomPlan): Promise<Contestant> {
  const members = Array.from({ length: plan.rooms }, (_, room) =>
    Array.from({ length: plan.size }, (_, index) => `m${plan.size}-${room}-${index}`),
  );
  const ids = await rival.makeRooms(members);
  const generator = new Generator();
  await generator.connect({
    urls: rival.urls,
    users: members.flat().map((userId) => ({ userId, token: testToken({ userId, expiresIn: 86_400 }) })),
    rooms: members.map((names, index) => ({ id: ids[index] ?? "", members: names })),
    join: rival.join,
  });
  return { rival, generator };
}

const SETTLED_CORES = 0.1;
const LOOK_MS = 500;
const MOST_LOOKS = 120;

/** Runs one round, waits until nothing is left to do for it, and reads what each process used. What comes after the answers costs, too, and must not burden the next rival. */
export async function runRound(
  rivals: Rivals,
  { rival, generator }: Contestant,
  order: Exclude<GeneratorOrder, { type: "connect" }>,
): Promise<Round> {
  const read = () => ({
    api: cpuSeconds(rival.pids),
    redis: cpuSeconds([rivals.services.redis]),
    postgres: cpuSeconds([rivals.services.postgres]),
    worker: cpuSeconds([rivals.services.worker]),
  });
  const before = read();
  const result = await generator.measure(order);
  await settle(rivals);
  const after = read();
  const perMessage = (seconds: number) => (seconds * 1e6) / Math.max(1, result.sent);
  return {
    ...result,
    cpu: {
      api: perMessage(after.api - before.api),
      redis: perMessage(after.redis - before.redis),
      postgres: perMessage(after.postgres - before.postgres),
      worker: perMessage(after.worker - before.worker),
      generator: perMessage(result.cpuSeconds),
    },
  };
}

/** Notifications are made after the messages: until the worker and Postgres are done with them. */
async function settle({ services }: Rivals): Promise<void> {
  const pids = [services.worker, services.postgres];
  for (let look = 0; look < MOST_LOOKS; look++) {
    const before = cpuSeconds(pids);
    await sleep(LOOK_MS);
    if ((cpuSeconds(pids) - before) * 1_000 < SETTLED_CORES * LOOK_MS) return;
  }
}
