import { resolve } from "node:path";
import { canaries, withCanaries } from "./boundary-canaries.mjs";
import { boundaryRules } from "./boundary-rules.mjs";
import { cruiseWorkspace } from "./cruise.mjs";

const root = resolve(import.meta.dirname, "../..");

/** Offenders that overwrite each other can't share a tree, so each gets its own. */
async function survivors() {
  const escaped = [];
  for (const canary of canaries) {
    const { violations } = await withCanaries([canary], cruiseWorkspace);
    if (!violations.some(({ rule, from, to }) => rule === canary.rule && [from, to].includes(canary.file))) {
      escaped.push(`rule ${canary.rule} let ${canary.file} pass with: ${canary.text}`);
    }
  }
  const tested = new Set(canaries.map((canary) => canary.rule));
  const untested = boundaryRules.filter((rule) => !tested.has(rule.name));
  return [...escaped, ...untested.map((rule) => `rule ${rule.name} has no canary`)];
}

const comments = new Map(boundaryRules.map((rule) => [rule.name, rule.comment]));
const result = await cruiseWorkspace(root);
const faults = [
  ...result.violations.map(({ rule, from, to }) => `${from} → ${to}\n    ${rule}: ${comments.get(rule)}`),
  ...result.blindSpots,
  ...(await survivors()),
];

for (const fault of faults) console.error(`✖ ${fault}`);
console.log(
  `boundaries: ${boundaryRules.length} rules, ${canaries.length} canaries, ` +
    `${result.moduleCount} modules, ${result.crossEdgeCount} edges between parts, ${faults.length} faults`,
);
process.exitCode = faults.length === 0 ? 0 : 1;
