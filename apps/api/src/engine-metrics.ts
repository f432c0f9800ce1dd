import { Counter, createDatabaseMetrics, Gauge, type Metrics } from "@parley/platform";

interface Sources {
  pool: Parameters<typeof createDatabaseMetrics>[1];
  queue: () => number;
  faults: () => { unrenderableNotifications: number };
}

/** How the engine's database pool and write queue stand. */
export function createEngineMetrics(metrics: Metrics, sources: Sources): void {
  const registers = [metrics.registry];
  createDatabaseMetrics(metrics, sources.pool);
  new Counter({
    name: "parley_unrenderable_notifications_total",
    help: "Times that a notification could not be put into words",
    registers,
    collect() {
      this.reset();
      this.inc(sources.faults().unrenderableNotifications);
    },
  });
  new Gauge({
    name: "parley_write_queue",
    help: "Messages that wait for the database",
    registers,
    collect() {
      this.set(sources.queue());
    },
  });
}
