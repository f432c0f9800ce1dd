import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

const TICKS_PER_SECOND = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** CPU seconds that the processes and their children have used until now, those that have ended included (Linux). */
export function cpuSeconds(pids: readonly number[]): number {
  const wanted = new Set(pids);
  let ticks = 0;
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const fields = statOf(Number(entry));
    if (fields === undefined) continue;
    const [, parent, utime, stime, childUtime, childStime] = fields;
    if (wanted.has(Number(entry))) ticks += utime + stime + childUtime + childStime;
    else if (wanted.has(parent)) ticks += utime + stime;
  }
  return ticks / TICKS_PER_SECOND;
}

/** State, parent, and ticks: own user and system, those of children that were waited for. See proc(5). */
function statOf(pid: number): [string, number, number, number, number, number] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const [utime, stime, childUtime, childStime] = fields.slice(11, 15).map(Number);
    return [fields[0] ?? "", Number(fields[1]), utime ?? 0, stime ?? 0, childUtime ?? 0, childStime ?? 0];
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}
