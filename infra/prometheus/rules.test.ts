import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { findPromtool, judgeQuery, readMetricsPage } from "@parley/testing";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";

interface Rule {
  alert?: string;
  record?: string;
  expr: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}
interface RuleFile {
  groups: Array<{ name: string; rules: Rule[] }>;
}
interface RuleTests {
  tests: Array<{ promql_expr_test?: Array<{ exp_samples: Array<{ labels: string }> }> }>;
}

const folder = import.meta.dirname;
const read = (file: string) => readFileSync(resolve(folder, file), "utf8");
const rulesOf = (file: string) => (parse(read(file)) as RuleFile).groups.flatMap(({ rules }) => rules);

const alerts = rulesOf("parley-alerts.yml");
const records = rulesOf("parley-records.yml");
const ruleTests = readdirSync(folder).filter((file) => file.endsWith(".test.yml"));
const promtool = await findPromtool();

/** Runs promtool beside the rules and returns what it says. */
function ask(...args: string[]): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(promtool.command, args, {
    cwd: folder,
    env: promtool.env,
    encoding: "utf8",
  });
  return { status, said: stdout + stderr };
}

describe("promtool", () => {
  test("takes the configuration and every rule", () => {
    expect(ask("check", "config", "prometheus.yml")).toMatchObject({ status: 0 });
    const checked = ask("check", "rules", "parley-records.yml", "parley-alerts.yml");
    expect(checked).toMatchObject({ status: 0 });
    expect(checked.said).toContain(`${alerts.length} rules found`);
    expect(checked.said).toContain(`${records.length} rules found`);
  });

  test.each(ruleTests)("agrees with %s", (file) => {
    expect(ask("test", "rules", file)).toEqual({ status: 0, said: expect.stringContaining("SUCCESS") });
  });
});

/** The alerts that a file's tests expect to fire. */
function firedIn(file: string): string[] {
  const { tests } = parse(read(file)) as RuleTests;
  const samples = tests.flatMap(({ promql_expr_test: asked = [] }) =>
    asked.flatMap((one) => one.exp_samples),
  );
  return samples.map(({ labels }) => /alertname="(\w+)"/.exec(labels)?.[1] ?? labels);
}

describe("the alerts", () => {
  test("each fires in a test, and none in the quiet case, which has every series that they ask for", () => {
    const fired = new Set(ruleTests.flatMap(firedIn));
    expect(alerts.map(({ alert }) => alert).filter((name) => !fired.has(name ?? ""))).toEqual([]);
    expect(firedIn("quiet.test.yml")).toEqual([]);
    const quiet = read("quiet.test.yml");
    const asked = [...alerts, ...records].flatMap(({ expr }) => expr.match(/\bparley_\w+/g) ?? []);
    expect([...new Set(asked)].filter((series) => !quiet.includes(`${series}{`))).toEqual([]);
  });

  test("each says how urgent it is, what is wrong, and where it is written what to do", () => {
    const runbooks = read("../../docs/runbooks.md");
    const sections = [...runbooks.matchAll(/^## (Parley\w+)$/gm)].map(([, name]) => name);
    expect(sections.toSorted()).toEqual(alerts.map(({ alert }) => alert).toSorted());
    for (const { alert = "", labels = {}, annotations = {} } of alerts) {
      expect(["critical", "warning"]).toContain(labels.severity);
      expect(annotations).toEqual({
        summary: expect.stringMatching(/\.$/),
        description: expect.stringMatching(/\.$/),
        runbook_url: `docs/runbooks.md#${alert.toLowerCase()}`,
      });
    }
  });

  test("rules ask only for series and labels that exist", () => {
    const known = { page: readMetricsPage(), recorded: new Set(records.map(({ record = "" }) => record)) };
    const faults = [...alerts, ...records].flatMap(({ alert, record, expr }) =>
      judgeQuery(expr, known).map((fault) => `${alert ?? record}: ${fault}`),
    );
    expect(faults).toEqual([]);
  });
});

test("runbooks name only series that exist", () => {
  const { api, worker } = readMetricsPage();
  const series = new Set([...api, ...worker].flatMap(({ name }) => [name, `${name}_count`]));
  const named = read("../../docs/runbooks.md").match(/\bparley_\w+/g) ?? [];
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((name) => !series.has(name))).toEqual([]);
});

describe("prometheus.yml", () => {
  test("scrapes every process of docker-compose.yml that has numbers, where it listens", () => {
    const { scrape_configs: jobs } = parse(read("prometheus.yml")) as {
      scrape_configs: Array<{ job_name: string; static_configs: Array<{ targets: string[] }> }>;
    };
    const { services } = parse(read("../../docker-compose.yml"), { merge: true }) as {
      services: Record<string, { environment?: { PORT?: string; NODE_NAME?: string } }>;
    };
    const listening = Object.entries(services).flatMap(([name, { environment }]) =>
      environment?.NODE_NAME === undefined ? [] : [`${name}:${environment.PORT}`],
    );
    const targets = jobs.flatMap((job) => job.static_configs.flatMap((one) => one.targets));
    expect(listening.length).toBeGreaterThan(0);
    expect(targets.toSorted()).toEqual(listening.toSorted());
    expect(jobs.map((job) => job.job_name)).toEqual(["parley-api", "parley-worker"]);
  });
});
