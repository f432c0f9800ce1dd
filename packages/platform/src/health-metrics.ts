import type { Health } from "./health.js";
import { Gauge, type Metrics } from "./metrics.js";

/** Shows what a process's readiness says as numbers, looked at with every scrape. */
export function createHealthMetrics({ registry }: Pick<Metrics, "registry">, health: Health): void {
  const registers = [registry];
  new Gauge({
    name: "parley_dependency_up",
    help: "Whether something that this process needs works: 1 or 0",
    labelNames: ["dependency"],
    registers,
    async collect() {
      const { dependencies } = await health.ready();
      for (const [dependency, { ok }] of Object.entries(dependencies)) this.set({ dependency }, ok ? 1 : 0);
    },
  });
  new Gauge({
    name: "parley_draining",
    help: "1 from the moment on at which this process was told to stop",
    registers,
    async collect() {
      this.set((await health.ready()).draining ? 1 : 0);
    },
  });
}
