import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import {
  freePort,
  type Program,
  type ServerProcess,
  startServerProcess,
  unpackDebianProgram,
} from "@parley/platform/local";
import { until } from "./until.js";

export interface Nginx {
  url: string;
  /** What it has written to its logs. */
  output(): string;
  stop(): Promise<void>;
}

export interface NginxOptions {
  /** A whole configuration, by the port of 127.0.0.1 that it has to listen on. It logs to /dev/stdout and /dev/stderr. */
  config: (port: number) => string;
  /** Files that it includes, by name. */
  includes?: Record<string, string>;
}

const KEPT = fileURLToPath(new URL("../../../.parley/nginx-program", import.meta.url));

/** Starts a real nginx of this machine, or else of its distribution, and waits until it listens. Throws when there is none to be had. */
export async function startNginx({ config, includes = {} }: NginxOptions): Promise<Nginx> {
  const program = await findNginx();
  const port = await freePort();
  const folder = mkdtempSync(path.join(tmpdir(), "parley-nginx-"));
  // Started by root, its workers are nobody.
  chmodSync(folder, 0o755);
  for (const [name, text] of Object.entries({ ...includes, "nginx.conf": config(port) })) {
    writeFileSync(path.join(folder, name), text);
  }
  const server = await startServerProcess({
    command: program.command,
    args: ["-e", "stderr", "-p", folder, "-c", path.join(folder, "nginx.conf"), "-g", "daemon off;"],
    env: program.env,
    logFile: path.join(folder, "output.log"),
    stopSignal: "SIGTERM",
  });
  const url = `http://127.0.0.1:${port}`;
  await untilListening(server, url);
  return {
    url,
    output: server.output,
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function untilListening(server: ServerProcess, url: string): Promise<void> {
  let ended = false;
  void server.ended.then(() => {
    ended = true;
  });
  const answers = () =>
    fetch(url, { redirect: "manual" }).then(
      () => true,
      () => false,
    );
  await until(async () => ended || (await answers()), "nginx listens");
  if (ended) throw new Error(`nginx did not start: ${server.output()}`);
}

async function findNginx(): Promise<Program> {
  for (const folder of [...(process.env.PATH ?? "").split(path.delimiter), "/usr/sbin"]) {
    const program = { command: path.join(folder, "nginx"), env: process.env };
    if (folder !== "" && existsSync(program.command) && isUsable(program)) return program;
  }
  mkdirSync(KEPT, { recursive: true });
  const found = await unpackDebianProgram({ package: "nginx", path: "usr/sbin/nginx", folder: KEPT });
  if (typeof found !== "string" && isUsable(found)) return found;
  const why = typeof found === "string" ? found : "the one of the distribution does not run";
  throw new Error(
    `This test needs nginx with auth_request, and none is to be had (${why}): install it, for example with apt-get install nginx.`,
  );
}

function isUsable({ command, env }: Program): boolean {
  try {
    // It tells on stderr how it was built.
    const how = execFileSync("/bin/sh", ["-c", '"$0" -V 2>&1', command], { env, encoding: "utf8" });
    return how.includes("auth_request");
  } catch {
    return false;
  }
}
