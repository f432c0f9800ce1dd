import path from "node:path";
import type { ChaosOptions } from "./chaos-options.js";
import { chaosTable } from "./chaos-table.js";
import { runScenario, type ScenarioResult } from "./run-scenario.js";

export interface ChaosRun {
  root: string;
  options: ChaosOptions;
  write: (line: string) => void;
}

const FINDINGS_SHOWN = 8;

/** Plays the scenarios one after the other, tells what happened, and returns the results. */
export async function runChaos({ root, options, write }: ChaosRun): Promise<ScenarioResult[]> {
  const { scenarios, seed, clients, rate, catchUp } = options;
  const name = `${new Date().toISOString().replace(/\D/g, "").slice(0, 14)}-${seed}`;
  const folder = path.join(root, ".parley/chaos", name);
  write(`seed ${seed}, ${clients} clients, ${rate} operations/s${catchUp ? "" : ", catch-up off"}`);
  const results: ScenarioResult[] = [];
  for (const scenario of scenarios) {
    const run = { root, folder: path.join(folder, scenario), options, log: write };
    const result = await runScenario(scenario, run);
    results.push(result);
    for (const line of describe(result)) write(line);
  }
  write(`\n${chaosTable(results)}\n`);
  write(`Histories, truths and logs: ${path.relative(process.cwd(), folder)}`);
  return results;
}

function describe({ name, verdict, errors, crashes, settledMs, unanswered }: ScenarioResult): string[] {
  const { findings } = verdict;
  const settled =
    settledMs === undefined
      ? "not everybody came to know everything"
      : `all known ${settledMs} ms after the fault`;
  return [
    `${name}: ${findings.length} findings, ${crashes} crashes, ${unanswered} unanswered, ${settled}`,
    ...findings
      .slice(0, FINDINGS_SHOWN)
      .map(
        ({ kind, user, conn, detail }) => `  ${kind}: ${detail}${(conn ?? user) ? ` (${conn ?? user})` : ""}`,
      ),
    ...(findings.length > FINDINGS_SHOWN ? [`  and ${findings.length - FINDINGS_SHOWN} more`] : []),
    ...errors.map((error) => `  logged: ${error}`),
  ];
}
