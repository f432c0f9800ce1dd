import path from "node:path";
import { ensureReady, root } from "./bootstrap.mjs";
import { createProgress } from "./progress.mjs";
import { runCommand } from "./run-command.mjs";
import { runScript } from "./run-script.mjs";

await runScript(async ({ signal }) => {
  const progress = createProgress({ stream: process.stdout });
  await ensureReady({ progress, signal });
  const script = path.join(root, "packages/testing/dist/backup/main.js");
  const { code } = await runCommand([process.execPath, script, ...process.argv.slice(2)], {
    cwd: root,
    env: process.env,
    signal,
    stdio: "inherit",
  });
  return code;
});
