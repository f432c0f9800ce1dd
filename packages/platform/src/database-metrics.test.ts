import { expect, test } from "vitest";
import { createDatabaseMetrics } from "./database-metrics.js";
import { createMetrics } from "./metrics.js";

test("tells how the pool stands, and counts statements once however often it is scraped", async () => {
  const metrics = createMetrics({ node: "worker-1", process: "worker" });
  createDatabaseMetrics(metrics, () => ({ total: 3, idle: 1, waiting: 4, statements: 40 }));
  const read = async () =>
    (await metrics.text()).split("\n").filter((line) => line.startsWith("parley_database_"));
  const values = (await read()).map((line) => line.replace(/(,?node="worker-1",process="worker")/, ""));
  expect(values).toEqual([
    'parley_database_pool{state="total"} 3',
    'parley_database_pool{state="idle"} 1',
    'parley_database_pool{state="waiting"} 4',
    "parley_database_statements_total{} 40",
  ]);
  expect((await read()).at(-1)).toMatch(/ 40$/);
});
