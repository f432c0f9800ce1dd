import { expect, test } from "vitest";
import { judgeQuery } from "./judge-query.js";
import { readMetricsPage } from "./read-metrics-page.js";

const known = { page: readMetricsPage(), recorded: new Set(["parley:connections:sum"]) };

test.each([
  ["sum by (node) (rate(parley_command_seconds_count{command=\"send_message\", result='ok'}[5m]))", []],
  ["histogram_quantile(0.99, sum by (le) (rate(parley_delivery_seconds_bucket[5m])))", []],
  ['parley:connections:sum > 1 and absent(up{job="parley-worker"} == 1)', []],
  ["parley_connection", ["there is no parley_connection"]],
  ["parley:connections:max", ["there is no parley:connections:max"]],
  ["rate(parley_delivery_seconds[5m])", ["there is no parley_delivery_seconds"]],
  ['parley_bus_up{room="7"}', ["parley_bus_up has no label room"]],
  ["sum by (contract) (parley_bus_up)", ["nothing has the label contract"]],
  ["vector(1)", ["it asks for nothing of ours"]],
])("%s", (query, faults) => {
  expect(judgeQuery(query, known)).toEqual(faults);
});
