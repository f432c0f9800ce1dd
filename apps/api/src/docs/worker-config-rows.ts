import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import type { ConfigRow } from "@parley/platform";

/** The worker's variables, from the worker itself: an API node must not import it. */
export async function workerConfigRows(root: string): Promise<ConfigRow[]> {
  const program = path.join(root, "apps/worker/dist/config-rows.js");
  if (!existsSync(program))
    throw new Error(`${path.relative(root, program)} is missing: build the worker first`);
  const { stdout } = await promisify(execFile)(process.execPath, [program], { cwd: root });
  return JSON.parse(stdout) as ConfigRow[];
}
