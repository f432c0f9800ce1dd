import { rmSync } from "node:fs";
import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { LocalFault } from "./local-fault.js";
import { tellingLine } from "./log-line.js";
import { type ServerProcess, startServerProcess } from "./server-process.js";

export interface ClusterProcessOptions {
  name: string;
  /** Compiled entry file. */
  script: string;
  port: number;
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** File for its output; left out, the output appears where this process writes. */
  logFile?: string | undefined;
  /** Start it again, with growing pauses, when it ends without having been told to. */
  supervise: boolean;
  log: (line: string) => void;
}

/** One node of a cluster: an api or worker process that can be killed and started again at the same address. */
export interface ClusterProcess {
  readonly name: string;
  readonly url: string;
  /** Undefined while it isn't running. */
  readonly pid: number | undefined;
  /** Resolves when GET /readyz answers 200; throws a LocalFault when the process ends first or takes too long. */
  untilReady(signal?: AbortSignal): Promise<void>;
  /** Sends a signal and doesn't wait; useful for SIGSTOP and SIGCONT. */
  signal(name: NodeJS.Signals): void;
  /** Sends a signal that ends the process, and waits for its end. It stays down until `restart`. */
  kill(name?: NodeJS.Signals): Promise<void>;
  /** Starts it again, stopping it in order first where it still runs, and waits until it is ready. */
  restart(): Promise<void>;
  /** Stops it in order for good; kills it after `patienceMs`. */
  stop(patienceMs?: number): Promise<void>;
}

const readyWithinMs = 60_000;
const firstPauseMs = 500;
const longestPauseMs = 15_000;
/** One that ran this long had started well: the next pause is short again. */
const steadyAfterMs = 60_000;

interface Kept {
  options: ClusterProcessOptions;
  server?: ServerProcess | undefined;
  wanted: boolean;
  pauseMs: number;
}

/** Starts one process of a cluster. It is running, not yet ready, when this resolves. */
export async function startClusterProcess(options: ClusterProcessOptions): Promise<ClusterProcess> {
  const kept: Kept = { options, wanted: true, pauseMs: firstPauseMs };
  if (options.logFile) rmSync(options.logFile, { force: true });
  await start(kept);
  return {
    name: options.name,
    url: urlOf(options),
    get pid() {
      return kept.server?.pid;
    },
    untilReady: (signal) => waitUntilReady(kept, signal),
    signal: (name) => kept.server?.signal(name),
    kill: (name = "SIGKILL") => end(kept, (server) => server.signal(name)),
    restart: async () => {
      await end(kept, (server) => server.stop());
      kept.wanted = true;
      await start(kept);
      await waitUntilReady(kept);
    },
    stop: (patienceMs) => end(kept, (server) => server.stop(patienceMs)),
  };
}

async function start(kept: Kept): Promise<void> {
  const startedAt = Date.now();
  const server = await launch(kept.options);
  kept.server = server;
  void server.ended.then((how) => {
    kept.server = undefined;
    if (kept.wanted && kept.options.supervise) return startAgain(kept, { how, startedAt });
  });
  // Asked to stop while it was being launched.
  if (!kept.wanted) await server.stop(0);
}

async function startAgain(
  kept: Kept,
  { how, startedAt }: { how: number | string; startedAt: number },
): Promise<void> {
  const { name, logFile, log } = kept.options;
  if (Date.now() - startedAt > steadyAfterMs) kept.pauseMs = firstPauseMs;
  const pause = `${kept.pauseMs / 1000} s`;
  log(`${name} ended unexpectedly (${how}) and starts again in ${pause}${logFile ? `: see ${logFile}` : ""}`);
  await sleep(kept.pauseMs);
  kept.pauseMs = Math.min(kept.pauseMs * 2, longestPauseMs);
  if (kept.wanted && !kept.server) await start(kept);
}

async function end(kept: Kept, finish: (server: ServerProcess) => unknown): Promise<void> {
  kept.wanted = false;
  const { server } = kept;
  if (!server) return;
  await finish(server);
  await server.ended;
}

function urlOf({ port }: ClusterProcessOptions): string {
  return `http://127.0.0.1:${port}`;
}

function launch(options: ClusterProcessOptions): Promise<ServerProcess> {
  return startServerProcess({
    command: process.execPath,
    args: [options.script],
    cwd: options.cwd,
    env: { ...options.env, PORT: String(options.port), NODE_NAME: options.name, HOST: "127.0.0.1" },
    logFile: options.logFile,
    stopSignal: "SIGTERM",
  });
}

async function waitUntilReady({ options, server }: Kept, signal?: AbortSignal): Promise<void> {
  const { name, logFile } = options;
  const where = logFile ? ` See ${logFile}.` : "";
  let ended = server === undefined;
  void server?.ended.then(() => {
    ended = true;
  });
  for (const deadline = Date.now() + readyWithinMs; Date.now() < deadline; await sleep(50)) {
    signal?.throwIfAborted();
    if (ended)
      throw new LocalFault(
        `${name} ended while it started (${tellingLine(server?.output() ?? "")}).${where}`,
      );
    if (await answersOk(`${urlOf(options)}/readyz`)) return;
  }
  throw new LocalFault(`${name} was not ready within ${readyWithinMs / 1000} seconds.${where}`);
}

/** Tells whether a GET of `url` is answered with 200. */
export function answersOk(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(false));
  });
}
