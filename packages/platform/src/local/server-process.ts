import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, statSync } from "node:fs";

export interface ServerProcessOptions {
  command: string;
  args: string[];
  /** File that gets the server's output, appended; left out, the output appears where this process writes. */
  logFile?: string | undefined;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  uid?: number | undefined;
  gid?: number | undefined;
  /** The signal that asks this server to shut down in order. */
  stopSignal: NodeJS.Signals;
}

export interface ServerProcess {
  readonly pid: number;
  /** Resolves when the process has ended, with its exit code or the signal's name. */
  readonly ended: Promise<number | string>;
  /** What the server has written to its log since it was started. */
  output(): string;
  /** Sends a signal; does nothing when the process has ended. */
  signal(name: NodeJS.Signals): void;
  /** Asks the server to stop, waits, and kills it when it takes longer than `patienceMs`. */
  stop(patienceMs?: number): Promise<void>;
}

/**
 * Starts a server in a process group of its own, so that Ctrl-C in a terminal doesn't reach it before its users have
 * stopped. A small shell holds the other end of a pipe and stops the server should this process be killed.
 */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  const log = openLog(options.logFile);
  const child = spawn(options.command, options.args, {
    cwd: options.cwd ?? "/",
    env: options.env ?? process.env,
    detached: true,
    stdio: ["ignore", log.output, log.output],
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
  });
  const pid = await spawned(child).finally(log.close);
  const guard = guardProcess(pid, options.stopSignal);
  const ended = new Promise<number | string>((resolve) => {
    child.once("exit", (code, signal) => {
      guard.kill("SIGKILL");
      resolve(signal ?? code ?? 1);
    });
  });

  return {
    pid,
    ended,
    output: log.read,
    signal: (name) => void child.kill(name),
    stop: async (patienceMs = 30_000) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(options.stopSignal);
      // One that was halted on purpose couldn't heed the signal otherwise.
      child.kill("SIGCONT");
      const lastResort = setTimeout(() => child.kill("SIGKILL"), patienceMs);
      await ended;
      clearTimeout(lastResort);
    },
  };
}

function openLog(file: string | undefined): {
  output: number | "inherit";
  read: () => string;
  close: () => void;
} {
  if (!file) return { output: "inherit", read: () => "", close: () => undefined };
  const output = openSync(file, "a", 0o640);
  const start = statSync(file).size;
  return {
    output,
    read: () => readFileSync(file).subarray(start).toString("utf8"),
    close: () => closeSync(output),
  };
}

function spawned(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("spawn", () => resolve(child.pid ?? 0));
  });
}

/**
 * `read` blocks until this process ends in whatever way, because only it holds the writing end. What doesn't heed the
 * signal within ten seconds is killed; a zombie, which still takes signals, counts as gone.
 */
function guardProcess(pid: number, stopSignal: NodeJS.Signals): ChildProcess {
  const script = `
    while read -r _; do :; done
    kill -s ${stopSignal.slice(3)} ${pid} || exit 0
    for turn in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
      sleep 0.5
      kill -s 0 ${pid} || exit 0
      if [ -r /proc/${pid}/stat ]; then read -r state < /proc/${pid}/stat; fi
      case "$state" in *") Z "*) exit 0 ;; esac
    done
    kill -s KILL ${pid}`;
  const guard = spawn("/bin/sh", ["-c", script], {
    cwd: "/",
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  guard.on("error", () => undefined);
  guard.stdin?.on("error", () => undefined);
  return guard;
}
