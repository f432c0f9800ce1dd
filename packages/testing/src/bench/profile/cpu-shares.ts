import type { Profiler } from "node:inspector";

/** Time that a process spent in one place by itself, without what it called; microseconds. */
export interface CpuShare {
  place: string;
  us: number;
}

/** What V8 counts as a place of its own and is not work of a program. */
const WAITING = "(idle)";

/** Node's own functions that hand bytes to the kernel: their time is that of the system call. */
const WRITES = new Set(["writev", "writeBuffer", "writeUtf8String", "writeLatin1String"]);

/** Where the processes spent their time, most first: by package, by folder of this project, or in what all of them share (kernel, garbage). */
export function cpuShares(profiles: readonly Profiler.Profile[]): CpuShare[] {
  const times = new Map<string, number>();
  for (const profile of profiles) {
    const places = new Map(profile.nodes.map((node) => [node.id, placeOf(node.callFrame)]));
    for (const [index, id] of (profile.samples ?? []).entries()) {
      const place = places.get(id) ?? WAITING;
      if (place !== WAITING) times.set(place, (times.get(place) ?? 0) + (profile.timeDeltas?.[index] ?? 0));
    }
  }
  return [...times].map(([place, us]) => ({ place, us })).sort((a, b) => b.us - a.us);
}

function placeOf({ functionName, url }: Profiler.ProfileNode["callFrame"]): string {
  if (functionName === WAITING) return WAITING;
  if (url === "" || url.startsWith("node:")) {
    if (WRITES.has(functionName)) return "kernel: writing to connections";
    if (functionName === "(garbage collector)") return "collecting garbage";
    return "Node itself";
  }
  const dependency = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  if (dependency !== undefined) return dependency;
  const own = /\/((?:apps|packages)\/[^/]+)\/(?:dist|src)\/(?:([^/]+)\/)?[^/]+$/.exec(url);
  return own ? `${own[1]}${own[2] === undefined ? "" : `: ${own[2]}`}` : "other";
}
