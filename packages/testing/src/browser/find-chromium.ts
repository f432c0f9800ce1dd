import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type Program, unpackDebianProgram } from "@parley/platform/local";

export interface ChromiumSources {
  /** Folders to look in, as PATH has them. */
  path?: string;
  fetch?: typeof unpackDebianProgram;
}

const KEPT = fileURLToPath(new URL("../../../../.parley/chromium-program", import.meta.url));

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/**
 * Finds a browser of Chromium's kind: on the PATH, else in the distribution's package, which is kept in `.parley`. Throws when there is
 * none to be had.
 */
export async function findChromium({
  path: folders = process.env.PATH ?? "",
  fetch = unpackDebianProgram,
}: ChromiumSources = {}): Promise<Program> {
  for (const folder of folders.split(path.delimiter)) {
    for (const name of NAMES) {
      const program = { command: path.join(folder, name), env: process.env };
      if (folder !== "" && existsSync(program.command) && runs(program)) return program;
    }
  }
  mkdirSync(KEPT, { recursive: true });
  const found = await fetch({
    package: "chromium",
    companions: ["chromium-common"],
    path: "usr/lib/chromium/chromium",
    folder: KEPT,
  });
  if (typeof found !== "string" && runs(found)) return found;
  const why = typeof found === "string" ? found : "the one of the distribution does not run";
  throw new Error(
    `This test needs Chromium, and none is to be had (${why}): install it, for example with apt-get install chromium, and put it on the PATH.`,
  );
}

function runs({ command, env }: Program): boolean {
  return spawnSync(command, ["--version"], { env, stdio: "ignore" }).status === 0;
}
