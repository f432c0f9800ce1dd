import { createMetrics } from "@parley/platform";
import { expect, it } from "vitest";
import { createPushMetrics } from "./push-metrics.js";

it("counts decisions by what was decided and why", async () => {
  const metrics = createMetrics({ node: "worker-1", process: "worker" });
  const until = new Date();
  createPushMetrics(metrics, { unrenderableNotifications: 0 }).decided({
    due: ["a", "b"],
    bulk: new Set(),
    waiting: [
      { id: "c", until, reason: "rate_limited" },
      { id: "d", until, reason: "quiet_hours" },
      { id: "e", until, reason: "rate_limited" },
    ],
    suppressed: [{ id: "f", reason: "muted" }],
    live: [],
    stale: ["g"],
  });
  const lines = (await metrics.registry.metrics()).split("\n");
  const counted = lines.flatMap((line) => {
    const found = /^parley_notifications_total{.*outcome="(\w+)",reason="(\w+)".*} (\d+)$/.exec(line);
    return found === null ? [] : [found.slice(1).join(" ")];
  });
  expect(counted.toSorted()).toEqual([
    "push none 2",
    "suppress muted 1",
    "wait quiet_hours 1",
    "wait rate_limited 2",
  ]);
});

it("counts what can't be put into words, as the engine has counted it", async () => {
  const metrics = createMetrics({ node: "worker-1", process: "worker" });
  const faults = { unrenderableNotifications: 2 };
  createPushMetrics(metrics, faults);
  const counted = async () =>
    /^parley_unrenderable_notifications_total{.*} (\d+)$/m.exec(await metrics.registry.metrics())?.[1];
  expect(await counted()).toBe("2");
  faults.unrenderableNotifications = 5;
  expect(await counted()).toBe("5");
});

it("counts what the sweeper found, each step from 0 on", async () => {
  const metrics = createMetrics({ node: "worker-1", process: "worker" });
  const { swept } = createPushMetrics(metrics, { unrenderableNotifications: 0 });
  const counted = async () =>
    Object.fromEntries(
      [...(await metrics.text()).matchAll(/^parley_notifications_swept_total{step="(\w+)".*} (\d+)$/gm)].map(
        ([, step, count]) => [step, Number(count)],
      ),
    );
  expect(await counted()).toEqual({ collected: 0, decided: 0, due: 0 });
  swept({ collected: 2, decided: 0, due: 3 });
  swept({ collected: 1, decided: 0, due: 0 });
  expect(await counted()).toEqual({ collected: 3, decided: 0, due: 3 });
});
