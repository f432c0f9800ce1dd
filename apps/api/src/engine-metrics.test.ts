import { createMetrics } from "@parley/platform";
import { expect, it } from "vitest";
import { createEngineMetrics } from "./engine-metrics.js";

it("tells how the pool, the queue and the words of notifications stand", async () => {
  const metrics = createMetrics({ node: "api-1", process: "api" });
  const faults = { unrenderableNotifications: 0 };
  createEngineMetrics(metrics, {
    pool: () => ({ total: 3, idle: 1, waiting: 0, statements: 40 }),
    queue: () => 7,
    faults: () => faults,
  });
  const read = async (name: string) =>
    new RegExp(`^${name}{.*} (\\d+)$`, "m").exec(await metrics.registry.metrics())?.[1];
  expect(await read("parley_write_queue")).toBe("7");
  expect(await read("parley_unrenderable_notifications_total")).toBe("0");
  faults.unrenderableNotifications = 5;
  expect(await read("parley_unrenderable_notifications_total")).toBe("5");
  expect(await read("parley_unrenderable_notifications_total")).toBe("5");
});
