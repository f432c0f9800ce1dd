import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { chart } from "./compare/chart.js";
import { measureConnecting, measureMemory } from "./compare/measure-connections.js";
import { measureRooms } from "./compare/measure-rooms.js";
import { type BenchResults, report } from "./compare/report.js";
import { type Rivals, startRivals } from "./compare/rivals.js";
import type { RoomPlan } from "./compare/rounds.js";

/**
 * Parley beside a relay that stores nothing and beside the design that most teams write: on this machine, in one run, by turns. Run it with
 * `npm run bench`; `-- --sizes 2,10 --rounds 3` measures less.
 */

const PLANS: readonly RoomPlan[] = [
  { size: 2, rooms: 200, inFlight: 256 },
  { size: 10, rooms: 40, inFlight: 128 },
  { size: 100, rooms: 4, inFlight: 32 },
  { size: 1_000, rooms: 1, inFlight: 8 },
];

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    sizes: { type: "string", default: "2,10,100,1000" },
    rivals: { type: "string", default: "parley,relay,naive" },
    /** Connections whose memory is measured, and those that come at once; 0 leaves that out. */
    idle: { type: "string", default: "2000" },
    clients: { type: "string", default: "10000" },
    /** How much the rooms cost while nobody makes notifications of them. */
    "pause-worker": { type: "boolean", default: false },
    json: { type: "string" },
    svg: { type: "string" },
  },
});

async function main(): Promise<void> {
  const rivals = await startRivals();
  try {
    const results: BenchResults = { rooms: [], memory: [], connecting: [] };
    await measureConnections(rivals, results);
    if (values["pause-worker"]) process.kill(rivals.services.worker, "SIGSTOP");
    await measureAllRooms(rivals, results);
    console.log(`\n${report(results, rivals.relay.name)}`);
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
    if (values.svg !== undefined) writeFileSync(values.svg, `${chart(results.rooms)}\n`);
  } finally {
    process.kill(rivals.services.worker, "SIGCONT");
    await rivals.stop();
  }
}

async function measureConnections(rivals: Rivals, results: BenchResults): Promise<void> {
  const [idle, clients] = [Number(values.idle), Number(values.clients)];
  for (const rival of [rivals.parley, rivals.relay]) {
    if (idle > 0) results.memory.push(await measureMemory(rival, idle));
    if (clients > 0) results.connecting.push(await measureConnecting(rival, clients));
  }
}

async function measureAllRooms(rivals: Rivals, results: BenchResults): Promise<void> {
  const sizes = new Set(values.sizes.split(",").map(Number));
  const names = values.rivals.split(",");
  const contestants = (["parley", "relay", "naive"] as const)
    .filter((name) => names.includes(name))
    .map((name) => rivals[name]);
  for (const plan of PLANS.filter(({ size }) => sizes.has(size))) {
    const options = {
      plan,
      contestants,
      rounds: Number(values.rounds),
      windowMs: Number(values.seconds) * 1_000,
      log: (line: string) => console.log(line),
    };
    results.rooms.push(...(await measureRooms(rivals, options)));
  }
}

await main();
