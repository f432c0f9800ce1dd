import { Counter, Gauge, type Metrics } from "./metrics.js";

export interface PoolNumbers {
  total: number;
  idle: number;
  /** Callers that wait for a connection. */
  waiting: number;
  /** Statements sent so far. */
  statements: number;
}

/** Shows how a process's database connections stand at the moment of each scrape. */
export function createDatabaseMetrics(
  { registry }: Pick<Metrics, "registry">,
  read: () => PoolNumbers,
): void {
  const registers = [registry];
  new Gauge({
    name: "parley_database_pool",
    help: "Database connections of this process, and callers that wait for one",
    labelNames: ["state"],
    registers,
    collect() {
      const { total, idle, waiting } = read();
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
      this.inc(read().statements);
    },
  });
}
