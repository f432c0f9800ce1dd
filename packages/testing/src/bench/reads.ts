import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { measureReads } from "./reads/measure-reads.js";
import { openReadStage, type ReadStage } from "./reads/read-stage.js";
import { type ReadRound, reportReads } from "./reads/report-reads.js";

/**
 * What requests cost in a database of a million messages, beside an almost empty one: the same requests by turns, each database with one real
 * node. Run it with `npm run bench:reads`; `-- --rows 1000000,10000000 --rounds 5` sets how large and how often. A million messages take
 * about 0.6 GB.
 */

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    /** Postgres' own memory for data, such as 2GB; read by what starts it. */
    "shared-buffers": { type: "string", default: "128MB" },
    json: { type: "string" },
  },
});

async function main(): Promise<void> {
  const sizes = [0, ...values.rows.split(",").map(Number)];
  const stages: ReadStage[] = [];
  const rounds: ReadRound[] = [];
  try {
    for (const rows of sizes) stages.push(await openReadStage(rows, (line) => console.log(line)));
    const windowMs = Number(values.seconds) * 1_000;
    // What a process compiles and a cache takes in at first is nobody's speed.
    for (const stage of stages) await measureReads(stage, { windowMs: 1_000 });
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const stage of stages) {
        const reading = await measureReads(stage, { windowMs });
        rounds.push({ rows: stage.rows, round, reading });
        console.log(`round ${round + 1}, ${stage.rows} rows: ${JSON.stringify(reading)}`);
      }
    }
    console.log(`\n${reportReads(rounds)}\n\nshared_buffers: ${values["shared-buffers"]}`);
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rounds, null, 2)}\n`);
  } finally {
    for (const stage of stages) await stage.stop();
  }
}

await main();
