import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { unpackDebianProgram } from "@parley/platform/local";

/** A program that reads compose files: its command, the first arguments, and what its environment needs. */
export interface Compose {
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
}

export interface ComposeSources {
  /** Folders to look in, as PATH has them. */
  path?: string;
  fetch?: typeof unpackDebianProgram;
}

const KEPT = fileURLToPath(new URL("../../../.parley/compose-program", import.meta.url));

/**
 * Finds what reads compose files: `docker-compose` or `docker compose` on the PATH, else the distribution's package, which is kept in `.parley`.
 * No container engine is needed for that. Throws when there is none to be had.
 */
export async function findCompose({
  path: folders = process.env.PATH ?? "",
  fetch = unpackDebianProgram,
}: ComposeSources = {}): Promise<Compose> {
  const env = { ...process.env, PATH: folders };
  const installed = [
    { command: "docker-compose", args: [], env },
    { command: "docker", args: ["compose"], env },
  ].find(runs);
  if (installed) return installed;
  mkdirSync(KEPT, { recursive: true });
  const found = await fetch({ package: "docker-compose", path: "usr/bin/docker-compose", folder: KEPT });
  if (typeof found !== "string") {
    // It is written in Python, and its libraries are packages for the system's own.
    const modules = path.join(KEPT, "files/usr/lib/python3/dist-packages");
    const unpacked = {
      command: "/usr/bin/python3",
      args: [found.command],
      env: { ...found.env, PYTHONPATH: modules },
    };
    if (runs(unpacked)) return unpacked;
  }
  const why = typeof found === "string" ? found : "the one of the distribution does not run";
  throw new Error(
    `This test needs docker-compose, without an engine, and none is to be had (${why}): install it, for example with apt-get install docker-compose, and put it on the PATH.`,
  );
}

function runs({ command, args, env }: Compose): boolean {
  return spawnSync(command, [...args, "version"], { env, stdio: "ignore" }).status === 0;
}
