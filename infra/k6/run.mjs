import { readdirSync } from "node:fs";
import path from "node:path";
import { root } from "../local/bootstrap.mjs";
import { createProgress } from "../local/progress.mjs";
import { runCommand } from "../local/run-command.mjs";
import { runScript } from "../local/run-script.mjs";
import { buildK6 } from "./build-k6.mjs";
import { chooseTarget } from "./choose-target.mjs";
import { findK6 } from "./find-k6.mjs";
import { readArguments } from "./read-arguments.mjs";

const { env } = process;
const folder = path.join(root, "infra/k6/scenarios");

/** Nothing is fetched and nobody is told. */
const QUIET = { K6_NO_USAGE_REPORT: "true", K6_AUTO_EXTENSION_RESOLUTION: "false" };

await runScript(async (interruption) => {
  const { signal } = interruption;
  const scenarios = readdirSync(folder).map((file) => path.basename(file, ".js"));
  const { scenario, url, settings, k6Args } = readArguments(process.argv.slice(2), { env, scenarios });
  const progress = createProgress({ stream: process.stdout });
  const k6 = (await findK6({ root, env, signal })) ?? (await buildK6({ root, env, progress, signal }));
  const target = await chooseTarget({ root, url, env, progress, interruption });
  progress.note(`${scenario} against ${target.url}, with ${k6}`);
  try {
    // Nobody asks a running k6 anything over its own address, which would only be in the way of a second run.
    const command = [k6, "run", "--address", "", ...k6Args, path.join(folder, `${scenario}.js`)];
    const runEnv = { ...env, ...QUIET, ...settings, ...targetEnv(target) };
    const { code } = await runCommand(command, { cwd: process.cwd(), env: runEnv, signal, stdio: "inherit" });
    return code;
  } finally {
    await target.stop();
  }
});

function targetEnv({ url, jwtSecret, gatewaySecret }) {
  return { BASE_URL: url, JWT_SECRET: jwtSecret, GATEWAY_SECRET: gatewaySecret };
}
