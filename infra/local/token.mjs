import path from "node:path";
import { ensureReady, root } from "./bootstrap.mjs";
import { createProgress } from "./progress.mjs";
import { Fault, runCommand } from "./run-command.mjs";
import { runScript } from "./run-script.mjs";

// Only the token goes to stdout, so that it can be put into a variable.
const progress = createProgress({ stream: process.stderr, skipQuick: true });

await runScript(async ({ signal }) => {
  await ensureReady({ progress, signal });
  const { localSecrets } = await import("../../packages/platform/dist/local/local-secrets.js");
  const { jwtSecret, gatewaySecret } = localSecrets(root, process.env);
  const command = [process.execPath, path.join(root, "apps/api/dist/token.js"), ...process.argv.slice(2)];
  const env = { ...process.env, JWT_SECRET: jwtSecret, GATEWAY_SECRET: gatewaySecret };
  const { code, output, errors } = await runCommand(command, { cwd: root, env, signal });
  if (code !== 0) throw new Fault(errors.trim() || output.trim() || "The token could not be made.");
  process.stdout.write(`${output.trim()}\n`);
  return 0;
});
