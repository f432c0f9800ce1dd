import { spawn } from "node:child_process";

/** A fault whose message is meant for the person at the terminal: one sentence, no stack trace. */
export class Fault extends Error {}

/**
 * Runs a command to its end and returns `{ code, output, errors }` (exit code, stdout, stderr). The command gets a
 * process group of its own, so that `signal` (an AbortSignal) ends all of it. `stdio: "inherit"` shows its output,
 * otherwise it is collected.
 */
export function runCommand([command, ...args], { cwd, env, signal, stdio = "collect" }) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const shown = stdio === "inherit";
    const child = spawn(command, args, {
      cwd,
      env,
      detached: true,
      stdio: shown ? ["ignore", "inherit", "inherit"] : ["ignore", "pipe", "pipe"],
    });
    const output = collect(child.stdout);
    const errors = collect(child.stderr);

    let hurry;
    const stop = () => {
      endGroup(child.pid, "SIGTERM");
      hurry = setTimeout(() => endGroup(child.pid, "SIGKILL"), 10_000);
    };
    signal?.addEventListener("abort", stop, { once: true });

    child.on("error", (error) => reject(new Fault(`Could not run ${command}: ${error.message}.`)));
    // What a command leaves behind in its group would also keep its output open.
    child.on("exit", () => endGroup(child.pid, "SIGKILL"));
    child.on("close", (code) => {
      clearTimeout(hurry);
      signal?.removeEventListener("abort", stop);
      if (signal?.aborted) reject(signal.reason);
      else resolve({ code: code ?? 1, output: output(), errors: errors() });
    });
  });
}

function collect(stream) {
  const chunks = [];
  stream?.on("data", (chunk) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString("utf8");
}

function endGroup(pid, name) {
  if (!pid) return;
  try {
    process.kill(-pid, name);
  } catch {
    // The group is gone already.
  }
}
