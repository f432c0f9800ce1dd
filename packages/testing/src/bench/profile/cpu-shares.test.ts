import type { Profiler } from "node:inspector";
import { expect, test } from "vitest";
import { cpuShares } from "./cpu-shares.js";

function node(id: number, functionName: string, url: string): Profiler.ProfileNode {
  return { id, callFrame: { functionName, url, scriptId: "1", lineNumber: 0, columnNumber: 0 } };
}

test("time is added up by package, by folder of the project, and for kernel and garbage; idle time is none", () => {
  const profile: Profiler.Profile = {
    startTime: 0,
    endTime: 100,
    nodes: [
      node(1, "(idle)", ""),
      node(2, "writev", ""),
      node(3, "(garbage collector)", ""),
      node(4, "emit", "node:events"),
      node(5, "query", "file:///x/node_modules/.pnpm/pg@8.16.0/node_modules/pg/lib/client.js"),
      node(
        6,
        "on",
        "file:///x/node_modules/.pnpm/a@1/node_modules/@socket.io/redis-adapter/dist/sharded-adapter.js",
      ),
      node(7, "deliver", "file:///x/apps/api/dist/realtime/fan-out.js"),
      node(8, "send", "file:///x/packages/engine/dist/messages/send-message.js"),
      node(9, "main", "file:///x/apps/api/dist/main.js"),
    ],
    samples: [1, 2, 3, 4, 5, 6, 7, 8, 9, 7],
    timeDeltas: [1_000, 2, 3, 4, 5, 6, 7, 8, 9, 70],
  };
  const found = cpuShares([profile, profile]);
  expect(found[0]).toEqual({ place: "apps/api: realtime", us: 154 });
  expect(Object.fromEntries(found.map(({ place, us }) => [place, us]))).toEqual({
    "apps/api: realtime": 154,
    "apps/api": 18,
    "packages/engine: messages": 16,
    "@socket.io/redis-adapter": 12,
    pg: 10,
    "Node itself": 8,
    "collecting garbage": 6,
    "kernel: writing to connections": 4,
  });
});
