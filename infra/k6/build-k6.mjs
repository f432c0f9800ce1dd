import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Fault, runCommand } from "../local/run-command.mjs";
import { builtK6, findOnPath, howToGetK6, k6Version } from "./find-k6.mjs";

const reachSeconds = 30;
const buildSeconds = 900;

/** Builds k6 with Go into `.parley/k6` and returns its file. Throws a Fault that says why not, and how to get one. */
export async function buildK6({ root, env, progress, signal }) {
  const go = findOnPath("go", env);
  if (!go) throw new Fault(`k6 is not here, and neither is Go to build it.\n${howToGetK6}`);
  const file = builtK6(root);
  const work = mkdtempSync(path.join(tmpdir(), "parley-k6-"));
  const goEnv = { ...env, GOBIN: path.join(work, "bin"), CGO_ENABLED: "0" };
  const run = (args, seconds) => runGo([go, ...args], { cwd: work, env: goEnv, signal, seconds });
  try {
    await progress.step(`k6 ${k6Version}, built with Go`, async () => {
      const reached = await run(["list", "-m", `go.k6.io/k6@${k6Version}`], reachSeconds);
      if (reached.code !== 0) throw unbuilt("Go's module proxy is out of reach", reached);
      const installed = await run(["install", `go.k6.io/k6@${k6Version}`], buildSeconds);
      if (installed.code !== 0) throw unbuilt(`Go could not build k6 ${k6Version}`, installed);
    });
    mkdirSync(path.dirname(file), { recursive: true });
    // Copied under another name first: an interruption leaves nothing that looks whole.
    copyFileSync(path.join(work, "bin/k6"), `${file}.part`);
    renameSync(`${file}.part`, file);
    return file;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function runGo(command, { seconds, signal, ...options }) {
  const tooLong = AbortSignal.timeout(seconds * 1_000);
  try {
    return await runCommand(command, { ...options, signal: AbortSignal.any([signal, tooLong]) });
  } catch (error) {
    if (!tooLong.aborted || signal.aborted) throw error;
    return { code: 1, output: "", errors: `go did not end within ${seconds} s` };
  }
}

function unbuilt(what, { output, errors }) {
  const last = (output + errors).trim().split("\n").slice(-3).join("\n");
  return new Fault(`k6 is not here, and ${what}:\n${last}\n${howToGetK6}`);
}
