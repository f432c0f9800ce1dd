import { parseArgs } from "node:util";
import { runArchiveDrill } from "./archive/archive-drill.js";

/**
 * Archives a million messages for real, with SIGKILL in the middle of the first run, and compares what history and catching up show before, meanwhile
 * and after, message by message. Run it with `npm run bench:archive`; `-- --rows 1000000 --chats 200` sets how many. Fails when anything differs.
 */

const { values } = parseArgs({
  options: { rows: { type: "string", default: "1000000" }, chats: { type: "string", default: "200" } },
});

process.env.PARLEY_TEST_DATABASE_URL = process.env.DATABASE_URL;
const report = await runArchiveDrill({
  rows: Number(values.rows),
  chats: Number(values.chats),
  log: (line) => console.log(line),
});
console.log(JSON.stringify(report, null, 2));
if (report.faults.length > 0) process.exitCode = 1;
