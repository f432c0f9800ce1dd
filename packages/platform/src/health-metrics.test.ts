import { expect, test } from "vitest";
import { createHealth } from "./health.js";
import { createHealthMetrics } from "./health-metrics.js";
import { createMetrics } from "./metrics.js";

function openMetrics(checks: Parameters<typeof createHealth>[0]) {
  const metrics = createMetrics({ node: "api-1", process: "api" });
  const health = createHealth(checks, { timeoutMs: 50 });
  createHealthMetrics(metrics, health);
  const read = async (name: string, label = "") => {
    const line = (await metrics.text()).split("\n").find((one) => one.startsWith(`${name}{${label}`));
    return line?.split(" ").at(-1);
  };
  return { health, read };
}

test("each dependency is up or down, the ones that are not required, too", async () => {
  const { read } = openMetrics({
    postgres: async (): Promise<void> => undefined,
    redis: { check: (): Promise<void> => Promise.reject(new Error("away")), required: false },
  });
  expect(await read("parley_dependency_up", 'dependency="postgres"')).toBe("1");
  expect(await read("parley_dependency_up", 'dependency="redis"')).toBe("0");
});

test("one that hangs is down, and the scrape is answered all the same", async () => {
  const { read } = openMetrics({ postgres: () => new Promise<void>(() => undefined) });
  expect(await read("parley_dependency_up", 'dependency="postgres"')).toBe("0");
  expect(await read("parley_draining")).toBe("0");
});

test("tells of the drain", async () => {
  const { health, read } = openMetrics({});
  expect(await read("parley_draining")).toBe("0");
  health.setDraining();
  expect(await read("parley_draining")).toBe("1");
});
