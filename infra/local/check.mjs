import { existsSync } from "node:fs";
import path from "node:path";
import { ensureReady, quietEnv, root } from "./bootstrap.mjs";
import { createProgress } from "./progress.mjs";
import { runCommand } from "./run-command.mjs";
import { runScript } from "./run-script.mjs";

const node = process.execPath;
const checks = [
  { name: "style and lint", command: ["biome", "ci", "--colors=off", "--error-on-warnings", "."] },
  { name: "types of sources and tests", command: ["tsc", "-p", "tsconfig.tests.json"] },
  { name: "boundaries", command: [node, "infra/checks/boundaries.mjs"] },
  { name: "unused code", command: ["knip"] },
  { name: "documents up to date", command: [node, "infra/local/docs.mjs", "--check"] },
];

await runScript(async ({ signal }) => {
  const progress = createProgress({ stream: process.stdout });
  const failures = [];
  // The other checks read what is built, but most say something useful without it too.
  await ensureReady({ progress, signal }).catch((error) => {
    signal.throwIfAborted();
    if (!existsSync(path.join(root, "node_modules/.bin/biome"))) throw error;
    failures.push({ name: "build", output: error.message });
  });
  for (const check of checks) {
    await progress
      .step(check.name, () => runCheck(check, signal))
      .catch((error) => {
        signal.throwIfAborted();
        failures.push({ name: check.name, output: error.message });
      });
  }
  for (const { name, output } of failures) process.stdout.write(`\n── ${name} ──\n${output.trim()}\n`);
  const verdict =
    failures.length === 0 ? "all checks passed" : `failed: ${failures.map(({ name }) => name).join(", ")}`;
  process.stdout.write(`\n${verdict}\n`);
  return failures.length === 0 ? 0 : 1;
});

async function runCheck({ command }, signal) {
  const { code, output, errors } = await runCommand(command, { cwd: root, env: quietEnv(), signal });
  if (code !== 0) throw new Error(output + errors);
}
