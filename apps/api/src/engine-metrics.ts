import { Counter, Gauge, type Metrics } from "@parley/platform";

interface Sources {
  pool: () => { total: number; idle: number; waiting: number; statements: number };
  queue: () => number;
  faults: () => { unrenderableNotifications: number };
}

/** How the engine's database pool and write queue stand. */
export function createEngineMetrics(metrics: Metrics, sources: Sources): void {
  const registers = [metrics.registry];
  new Gauge({
    name: "parley_database_pool",
    help: "Database connections of this process, and callers that wait for one",
    labelNames: ["state"],
    registers,
    collect() {
      const { total, idle, waiting } = sources.pool();
      this.set({ state: "total" }, total);
      this.set({ state: "idle" }, idle);
      this.set({ state: "waiting" }, waiting);
    },
  });
  new Counter({
    name: "parley_database_statements_total",
    help: "Statements that this process sent to Postgres",
    registers,
    collect() {
      this.reset();
      this.inc(sources.pool().statements);
    },
  });
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
