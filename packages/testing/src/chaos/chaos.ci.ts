import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import type { ChaosOptions } from "./chaos-options.js";
import { runChaos } from "./run-chaos.js";
import type { ScenarioName } from "./scenarios.js";

/** The short form of `npm run chaos`: the same scenarios and checks, with fewer clients and for less time. */

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const shortForm: Omit<ChaosOptions, "scenarios"> = {
  minutes: 0.15,
  clients: 60,
  rate: 20,
  seed: 1,
  catchUp: true,
  short: true,
};
const scenarios: ScenarioName[] = ["kill-node", "redis-kill-1", "redis-stop", "drop-all"];

it.each(scenarios)("%s breaks no promise", { timeout: 120_000 }, async (scenario) => {
  const told: string[] = [];
  const options = { ...shortForm, scenarios: [scenario] };
  const [result] = await runChaos({ root, options, write: (line) => told.push(line) });
  expect(result?.verdict.findings, told.join("\n")).toEqual([]);
  expect(result, told.join("\n")).toMatchObject({ crashes: 0, unanswered: 0, kept: true });
  // A run without traffic keeps every promise too.
  expect(result?.verdict.figures.acks).toBeGreaterThan(50);
});
