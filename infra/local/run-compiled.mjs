import path from "node:path";
import { ensureReady, root } from "./bootstrap.mjs";
import { createProgress } from "./progress.mjs";
import { runCommand } from "./run-command.mjs";
import { runScript } from "./run-script.mjs";

/** Builds what has changed, then runs a compiled program of the repository with this command's arguments, and ends as it ends. */
export function runCompiled(program) {
  return runScript(async ({ signal }) => {
    await ensureReady({ progress: createProgress({ stream: process.stdout }), signal });
    const { code } = await runCommand(
      [process.execPath, path.join(root, program), ...process.argv.slice(2)],
      { cwd: root, env: process.env, signal, stdio: "inherit" },
    );
    return code;
  });
}
