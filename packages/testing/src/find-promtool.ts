import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type Program, unpackDebianProgram } from "@parley/platform/local";

export interface PromtoolSources {
  /** Folders to look in, as PATH has them. */
  path?: string;
  fetch?: typeof unpackDebianProgram;
}

const KEPT = fileURLToPath(new URL("../../../.parley/prometheus-program", import.meta.url));

/**
 * Finds the program that checks Prometheus' rules: on the PATH, else in the distribution's package, which is kept in `.parley`. Throws when
 * there is none to be had.
 */
export async function findPromtool({
  path: folders = process.env.PATH ?? "",
  fetch = unpackDebianProgram,
}: PromtoolSources = {}): Promise<Program> {
  for (const folder of folders.split(path.delimiter)) {
    const program = { command: path.join(folder, "promtool"), env: process.env };
    if (folder !== "" && existsSync(program.command) && runs(program)) return program;
  }
  mkdirSync(KEPT, { recursive: true });
  const found = await fetch({ package: "prometheus", path: "usr/bin/promtool", folder: KEPT });
  if (typeof found !== "string" && runs(found)) return found;
  const why = typeof found === "string" ? found : "the one of the distribution does not run";
  throw new Error(
    `This test needs promtool, which comes with Prometheus, and none is to be had (${why}): install it, for example with apt-get install prometheus, and put it on the PATH.`,
  );
}

function runs({ command, env }: Program): boolean {
  return spawnSync(command, ["--version"], { env, stdio: "ignore" }).status === 0;
}
