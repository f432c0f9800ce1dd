import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Cluster } from "./cluster.js";
import { LocalFault } from "./local-fault.js";
import { commandOf, endLeftover } from "./running-process.js";

/** What `.parley/running.json` says while a cluster runs, for other tools and for the next start. */
interface RunningCluster {
  launcherPid: number;
  url: string;
  nodes: { name: string; url: string; pid: number | undefined }[];
  worker: { name: string; url: string; pid: number | undefined };
  databaseUrl: string;
  redisUrl: string;
  secretsFile: string;
}

/** Writes the file; it holds the database's password, so only its owner may read it. */
export function writeRunningFile(root: string, cluster: Cluster): void {
  const describe = ({ name, url, pid }: Cluster["worker"]) => ({ name, url, pid });
  const running: RunningCluster = {
    launcherPid: process.pid,
    url: cluster.url,
    nodes: cluster.nodes.map(describe),
    worker: describe(cluster.worker),
    databaseUrl: cluster.services.databaseUrl,
    redisUrl: cluster.services.redisUrl,
    secretsFile: path.join(root, ".parley/secrets.json"),
  };
  rmSync(fileOf(root), { force: true });
  writeFileSync(fileOf(root), `${JSON.stringify(running, undefined, 2)}\n`, { mode: 0o600 });
}

/** Removes the file if it is this process's own. */
export function removeRunningFile(root: string): void {
  if (readRunningFile(root)?.launcherPid === process.pid) rmSync(fileOf(root), { force: true });
}

function readRunningFile(root: string): RunningCluster | undefined {
  try {
    return JSON.parse(readFileSync(fileOf(root), "utf8")) as RunningCluster;
  } catch {
    return undefined;
  }
}

/**
 * Ends what a killed launcher has left running. Throws a LocalFault when the launcher is still there: two clusters
 * can't share one folder of data.
 */
export async function clearEarlierRun(root: string): Promise<void> {
  const earlier = readRunningFile(root);
  if (!earlier) return;
  if (commandOf(earlier.launcherPid).includes("start.mjs")) {
    throw new LocalFault(
      `Parley already runs from this folder at ${earlier.url} (process ${earlier.launcherPid}): stop it first.`,
    );
  }
  const processes = [...earlier.nodes, earlier.worker];
  await Promise.all(processes.map(({ pid }) => endLeftover(pid ?? 0, "dist/main.js", "SIGTERM")));
  rmSync(fileOf(root), { force: true });
}

function fileOf(root: string): string {
  return path.join(root, ".parley/running.json");
}
