import { setTimeout as sleep } from "node:timers/promises";
import { until } from "@parley/testing";
import { expect, it } from "vitest";
import { createHealth } from "../health.js";
import { createMetrics } from "../metrics.js";
import { createProcessReporter } from "./process-report.js";

/** Holds the event loop up several times, so that more than one timer in a hundred is late. */
async function stall(): Promise<void> {
  for (let time = 0; time < 5; time += 1) {
    const end = performance.now() + 450;
    while (performance.now() < end);
    await sleep(110);
  }
}

it("calls a process late for what it does when it is ready, and not for its start", async () => {
  const metrics = createMetrics({ node: "worker-1", process: "worker" });
  let isConnected = false;
  const database = async () => {
    if (!isConnected) throw new Error("not yet");
  };
  const health = createHealth({ database });
  const look = createProcessReporter({ health, metrics, pool: () => ({ waiting: 0 }) });
  const lateness = async () => {
    const { loopLagP99Ms, troubles } = await look();
    return { isLate: loopLagP99Ms > 250, codes: troubles.map(({ code }) => code) };
  };
  await look();
  await stall();
  expect(metrics.loopLagP99Ms()).toBeGreaterThan(250);
  isConnected = true;
  // The check's answer is kept for a moment.
  await until(async () => (await health.ready()).ready, "it is ready");
  expect(await lateness()).toEqual({ isLate: false, codes: [] });
  await stall();
  expect(await lateness()).toEqual({ isLate: true, codes: ["loop_lag"] });
});
