import { readFileSync } from "node:fs";
import path from "node:path";
import { ensureReady, quietEnv, root } from "./bootstrap.mjs";
import { createProgress } from "./progress.mjs";
import { runCommand } from "./run-command.mjs";
import { runScript } from "./run-script.mjs";

const { env } = process;

await runScript(async ({ signal }) => {
  const progress = createProgress({ stream: process.stdout });
  await ensureReady({ progress, signal });
  const { startLocalServices } = await import("../../packages/platform/dist/local/local-services.js");
  const services = await progress.step("Postgres and Redis for the tests", () =>
    startLocalServices({
      root,
      databaseUrl: env.TEST_DATABASE_URL,
      redisUrl: env.TEST_REDIS_URL,
      durable: false,
      signal,
    }),
  );
  try {
    const { code, passed, failed } = await runTests(services, signal);
    process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
    return code === 0 && failed === 0 ? 0 : 1;
  } finally {
    await services.stop();
  }
});

async function runTests(services, signal) {
  const report = path.join(services.dataDir, "results.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const command = [
    path.join(root, "node_modules/.bin/vitest"),
    "run",
    ...reporters,
    ...process.argv.slice(2),
  ];
  const testEnv = {
    ...quietEnv(),
    PARLEY_TEST_DATABASE_URL: services.adminUrl,
    PARLEY_TEST_REDIS_URL: services.redisUrl,
  };
  const { code } = await runCommand(command, { cwd: root, env: testEnv, signal, stdio: "inherit" });
  return { code, ...countResults(report, code) };
}

/** A file that doesn't load has no failed test in it, and an error outside any test shows only in the exit code: both count. */
function countResults(report, code) {
  let results;
  try {
    results = JSON.parse(readFileSync(report, "utf8"));
  } catch {
    return { passed: 0, failed: 1 };
  }
  const hasFailed = (test) => test.status === "failed";
  const brokenFiles = results.testResults.filter(
    (file) => hasFailed(file) && !file.assertionResults.some(hasFailed),
  ).length;
  const failed = results.numFailedTests + brokenFiles;
  return { passed: results.numPassedTests, failed: failed === 0 && code !== 0 ? 1 : failed };
}
