import { expect, test, vi } from "vitest";
import { Counter, createMetrics } from "./metrics.js";

test("gives Node's own metrics and the process's, with its node and name on each", async () => {
  const metrics = createMetrics({ node: "api-1", process: "api" });
  new Counter({ name: "parley_sends_total", help: "Sends", registers: [metrics.registry] }).inc(3);
  const text = await metrics.text();
  expect(text).toContain('parley_sends_total{node="api-1",process="api"} 3');
  expect(text).toContain("parley_process_cpu_user_seconds_total");
  expect(text).toContain("parley_nodejs_heap_size_used_bytes");
  expect(metrics.contentType).toContain("text/plain");
});

test("measures the event loop's lag", async () => {
  const metrics = createMetrics({ node: "api-1", process: "api" });
  const stall = performance.now() + 300;
  while (performance.now() < stall);
  await vi.waitFor(async () => {
    const sum = /parley_event_loop_lag_seconds_sum\{.*\} ([\d.]+)/.exec(await metrics.text())?.[1];
    expect(Number(sum)).toBeGreaterThan(0.15);
  }, 60_000);
});

test("two processes' metrics in one program don't meet", () => {
  expect(() => [1, 2].map((node) => createMetrics({ node: String(node), process: "api" }))).not.toThrow();
});
