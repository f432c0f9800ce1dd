import path from "node:path";
import { ensureReady, root } from "./bootstrap.mjs";
import { createProgress } from "./progress.mjs";
import { runCommand } from "./run-command.mjs";
import { runScript } from "./run-script.mjs";

await runScript(async ({ signal }) => {
  await ensureReady({ progress: createProgress({ stream: process.stdout, skipQuick: true }), signal });
  const command = [process.execPath, path.join(root, "apps/api/dist/docs/main.js"), ...process.argv.slice(2)];
  const { code } = await runCommand(command, { cwd: root, env: process.env, signal, stdio: "inherit" });
  return code;
});
