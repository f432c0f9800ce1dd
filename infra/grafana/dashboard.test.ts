import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { findPromtool, judgeQuery, readMetricsPage } from "@parley/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";

interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  datasource?: { uid: string };
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: Array<{ expr: string; datasource: { uid: string } }>;
}
interface Dashboard {
  panels: Panel[];
  templating: { list: Array<{ name: string; definition: string; datasource: { uid: string } }> };
  annotations: { list: Array<{ expr: string; datasource: { uid: string } }> };
}

const read = (file: string) => readFileSync(resolve(import.meta.dirname, file), "utf8");
const dashboard = JSON.parse(read("dashboards/parley-overview.json")) as Dashboard;
const records = parse(read("../prometheus/parley-records.yml")) as {
  groups: Array<{ rules: Array<{ record: string }> }>;
};
const recorded = new Set(records.groups.flatMap(({ rules }) => rules.map(({ record }) => record)));
const panels = dashboard.panels.filter(({ type }) => type !== "row");
const queries = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));
const page = readMetricsPage();
const promtool = await findPromtool();

/** What Grafana puts in before it asks Prometheus. */
const filledIn = (expr: string) => expr.replaceAll("$__rate_interval", "1m").replaceAll("$node", ".*");

/** What promtool says of queries, each as a rule of its own. */
function checkQueries(exprs: readonly string[]): { status: number | null; said: string } {
  const folder = mkdtempSync(join(tmpdir(), "parley-dashboard-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const rules = exprs.map((expr, index) => ({ record: `panel:${index}`, expr }));
  const file = join(folder, "queries.yml");
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ groups: [{ name: "queries", rules }] }));
  const { status, stdout, stderr } = spawnSync(promtool.command, ["check", "rules", file], {
    env: promtool.env,
    encoding: "utf8",
  });
  return { status, said: stdout + stderr };
}

describe("the dashboard", () => {
  test("asks in PromQL", () => {
    const checked = checkQueries(queries.map(({ expr }) => filledIn(expr)));
    expect(checked).toEqual({ status: 0, said: expect.stringContaining(`${queries.length} rules found`) });
    expect(checkQueries(["sum(rate(parley_bus_up[1m])"]).status).not.toBe(0);
    expect(queries.map(({ expr }) => filledIn(expr)).filter((expr) => expr.includes("$"))).toEqual([]);
  });

  test("asks only for series and labels that exist", () => {
    const faults = queries.flatMap(({ title, expr }) =>
      judgeQuery(filledIn(expr), { page, recorded }).map((fault) => `${title}: ${fault}`),
    );
    expect(faults).toEqual([]);
  });

  test("shows every number that the processes count themselves", () => {
    const own = [...page.api, ...page.worker].map(({ name }) => name);
    const asked = [...queries.map(({ expr }) => expr), read("../prometheus/parley-records.yml")].join("\n");
    const missing = new Set(own.filter((name) => !asked.includes(name)));
    // Of Node's own numbers it shows some; the rest is for who looks for something.
    const left = [...missing].filter((name) => !/^parley_(nodejs|process)_/.test(name));
    expect(left.toSorted()).toEqual([
      "parley_followed_chats",
      "parley_integrity_chats_checked_total",
      "parley_integrity_segments_checked_total",
      "parley_user_directory_up",
    ]);
  });

  test("has panels that say what they show, beside each other", () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    for (const { title, description = "", targets = [] } of panels) {
      expect([title, description]).toEqual([title, expect.stringMatching(/\.$/)]);
      expect(targets.length).toBeGreaterThan(0);
    }
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)}:${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...dashboard.panels.map(({ gridPos: { x, w } }) => x + w))).toBe(24);
  });

  test("its choice of nodes and its marks are of what exists", () => {
    const [node] = dashboard.templating.list;
    const [, metric, label] = /^label_values\((\w+), (\w+)\)$/.exec(node?.definition ?? "") ?? [];
    for (const metrics of [page.api, page.worker]) expect(metrics.map(({ name }) => name)).toContain(metric);
    expect([node?.name, label]).toEqual(["node", "node"]);
    expect(dashboard.annotations.list.map(({ expr }) => expr)).toEqual([
      'ALERTS{alertname=~"Parley.*", alertstate="firing"}',
    ]);
  });

  test("asks the source that is provisioned", () => {
    const { datasources } = parse(read("provisioning/datasources/prometheus.yml")) as {
      datasources: Array<{ uid: string; jsonData: { timeInterval: string } }>;
    };
    const uids = [...read("dashboards/parley-overview.json").matchAll(/"uid": "([^"]*)"/g)];
    expect(new Set(uids.map(([, uid]) => uid))).toEqual(new Set(["parley-overview", datasources[0]?.uid]));
    const { global } = parse(read("../prometheus/prometheus.yml")) as { global: { scrape_interval: string } };
    expect(datasources[0]?.jsonData.timeInterval).toBe(global.scrape_interval);
  });
});
