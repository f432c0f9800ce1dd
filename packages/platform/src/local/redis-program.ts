import { execFile, spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { promisify } from "node:util";
import { type Program, unpackDebianProgram } from "./debian-program.js";
import { LocalFault } from "./local-fault.js";

/** Sharded publish and subscribe, which the cluster needs, came with this version. */
const oldestRedis = 7;

/**
 * Finds a Redis server, or fetches one into `folder`: from the PATH, else from Debian's or Ubuntu's packages without
 * installing them, else compiled from source.
 */
export async function findRedisProgram(folder: string, signal?: AbortSignal): Promise<Program> {
  mkdirSync(folder, { recursive: true });
  const tried: string[] = [];
  for (const [source, find] of [
    ["PATH", () => onPath()],
    ["the distribution", () => debian(path.join(folder, "debian"), signal)],
    ["source code", () => compiled(path.join(folder, "compiled"), signal)],
  ] as const) {
    const found = await find();
    signal?.throwIfAborted();
    if (typeof found !== "string" && isRecent(found)) return found;
    tried.push(`${source}: ${typeof found === "string" ? found : `older than ${oldestRedis}`}`);
  }
  throw new LocalFault(
    `Parley needs Redis ${oldestRedis} or newer and found none (${tried.join("; ")}): install redis-server or valkey-server (apt, dnf, apk or brew), or set REDIS_URL.`,
  );
}

function onPath(): Program | string {
  for (const name of ["redis-server", "valkey-server"]) {
    for (const folder of (process.env.PATH ?? "").split(path.delimiter)) {
      const command = path.join(folder, name);
      if (folder && isExecutable(command) && isRecent({ command, env: process.env }))
        return { command, env: process.env };
    }
  }
  return "no redis-server or valkey-server of a fitting version";
}

function debian(folder: string, signal?: AbortSignal): Promise<Program | string> {
  const program = { package: "redis-server", companions: ["redis-tools"], path: "usr/bin/redis-server" };
  return unpackDebianProgram({ ...program, folder, signal });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Valkey began at 7.2, so one rule serves both. */
function isRecent({ command, env }: Program): boolean {
  const { stdout, status } = spawnSync(command, ["--version"], { env, encoding: "utf8" });
  const major = /v=(\d+)/.exec(stdout ?? "")?.[1];
  return status === 0 && Number(major) >= oldestRedis;
}

async function compiled(folder: string, signal?: AbortSignal): Promise<Program | string> {
  for (const tool of ["make", "cc"]) {
    if (spawnSync("which", [tool], { stdio: "ignore" }).status !== 0) return `no ${tool} to compile it with`;
  }
  mkdirSync(folder, { recursive: true });
  // In a process of its own, because the package compiles synchronously and would hold up the display and the signals.
  const require = createRequire(import.meta.url);
  const library = require.resolve("redis-memory-server/lib/util/RedisBinary");
  const script = `require(process.argv[1]).default
    .getPath({ downloadDir: process.argv[2] }).then((file) => process.stdout.write("\\n" + file))`;
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ["-e", script, library, folder], {
      cwd: import.meta.dirname,
      timeout: 600_000,
      maxBuffer: 32 << 20,
      ...(signal ? { signal } : {}),
    });
    const command = stdout.trim().split("\n").at(-1) ?? "";
    return existsSync(command) ? { command, env: process.env } : "compiling it gave no program";
  } catch {
    return "it could not be fetched and compiled";
  }
}
