import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import {
  type FrameChange,
  startFrameProxy,
  startTestCluster,
  TEST_GATEWAY_SECRET,
  TEST_JWT_SECRET,
  type TestCluster,
} from "@parley/testing";
import { afterAll, beforeAll, expect, onTestFinished, type TestContext, test, vi } from "vitest";
import { findK6 } from "./find-k6.mjs";

const root = resolve(import.meta.dirname, "../..");

// Building k6 takes between 79 s on two idle cores and 175 s on busy ones, which these tests are not worth where there is none.
const WITHOUT_K6 =
  'k6 is neither in K6_BIN nor on the PATH nor built in .parley: no scenario was run for real. "npm run k6 -- ramp" builds it where Go can';

// Runs are small, and machines may be slow: nothing here depends on how long a run takes.
vi.setConfig({ testTimeout: 600_000 });

interface Outcome {
  code: number;
  output: string;
  count(metric: string): number;
}

let k6: string | undefined;
let cluster: TestCluster | undefined;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "parley-k6-test-"));
  k6 = await findK6({ root, env: process.env, signal: undefined });
  if (k6) cluster = await startTestCluster();
  // The reporter shows that tests were skipped, and not why.
  else console.warn(WITHOUT_K6);
});

afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a scenario, against the cluster or through a proxy that spoils what the server says. */
async function run(
  { skip }: TestContext,
  { scenario, env, spoil }: { scenario: string; env: Record<string, string>; spoil?: () => FrameChange },
): Promise<Outcome> {
  if (!k6 || !cluster) return skip(WITHOUT_K6);
  const proxy = spoil && (await startFrameProxy(cluster.url, spoil));
  if (proxy) onTestFinished(() => proxy.stop());
  const file = join(folder, `${scenario}.json`);
  rmSync(file, { force: true });
  const runEnv = {
    ...process.env,
    BASE_URL: proxy?.url ?? cluster.url,
    JWT_SECRET: TEST_JWT_SECRET,
    GATEWAY_SECRET: TEST_GATEWAY_SECRET,
    K6_NO_USAGE_REPORT: "true",
    RESULT_FILE: file,
    PACE_MS: "200",
    TURNS: "6",
    // What a busy machine makes of times is not judged here.
    PATIENCE_SECONDS: "120",
    ...TIMELESS,
    ...env,
  };
  const { code, output } = await runK6(["run", "--quiet", "--address", "", scriptOf(scenario)], runEnv);
  const { metrics } = JSON.parse(readFileSync(file, "utf8")) as {
    metrics: Record<string, { values: { count: number } }>;
  };
  return { code, output, count: (metric) => metrics[`parley_${metric}`]?.values.count ?? 0 };
}

const TIMELESS = Object.fromEntries(
  ["MAX_ACK_MS", "MAX_DELIVERY_MS", "MAX_CONNECT_MS", "MAX_HTTP_MS"].map((name) => [name, "600000"]),
);

const scriptOf = (scenario: string) => join(root, "infra/k6/scenarios", `${scenario}.js`);

function runK6(args: string[], env: NodeJS.ProcessEnv): Promise<{ code: number; output: string }> {
  return new Promise((done) => {
    execFile(k6 ?? "", args, { env }, (error, stdout, stderr) =>
      done({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr }),
    );
  });
}

const findings = ({ count }: Outcome) => ({
  lost: count("lost"),
  doubled: count("doubled"),
  disordered: count("disordered"),
});

const NONE = { lost: 0, doubled: 0, disordered: 0 };

const THRESHOLDS_CROSSED = 99;

test.for<[string, Record<string, string>]>([
  ["soak", { VUS: "4", DURATION: "1s" }],
  ["ramp", { VUS: "4", DURATION: "5s" }],
  ["spike", { VUS: "8", DURATION: "6s" }],
  ["mixed", { VUS: "4", DURATION: "1s", TURNS: "12" }],
  ["contracts", { VUS: "10", DURATION: "1s" }],
  ["reconnect-storm", { VUS: "4", DURATION: "3s", STORM_SECONDS: "1" }],
])("%s finds nothing wrong", async ([scenario, env], context) => {
  const outcome = await run(context, { scenario, env });
  expect(outcome, outcome.output).toMatchObject({ code: 0 });
  expect(findings(outcome)).toEqual(NONE);
  expect(outcome.count("judged")).toBeGreaterThan(0);
  expect(outcome.count("acknowledged") + outcome.count("uncertain")).toBe(outcome.count("sent"));
  if (scenario === "reconnect-storm") expect(outcome.count("reconnects")).toBeGreaterThanOrEqual(8);
});

/** Once in the whole run: the third message on the first connection that has three. */
function spoilOnce(spoiled: (text: string, hold: string[]) => string[]): () => FrameChange {
  let isDone = false;
  return () => {
    let heard = 0;
    const held: string[] = [];
    return (text) => {
      if (!text.startsWith('42/chat,["new_message"')) return [text];
      heard += 1;
      if (isDone || heard < 3) return [text, ...held.splice(0)];
      isDone = true;
      return spoiled(text, held);
    };
  };
}

test.for<[string, string, () => FrameChange]>([
  ["drops", "lost", spoilOnce(() => [])],
  ["doubles", "doubled", spoilOnce((text) => [text, text])],
  [
    "swaps",
    "disordered",
    spoilOnce((text, held) => {
      held.push(text);
      return [];
    }),
  ],
])("a proxy that %s one frame is found out", async ([, kind, spoil], context) => {
  const env = { VUS: "4", DURATION: "1s" };
  const outcome = await run(context, { scenario: "soak", env, spoil });
  expect(outcome, outcome.output).toMatchObject({ code: THRESHOLDS_CROSSED });
  expect(findings(outcome)).toEqual({ ...NONE, [kind]: 1 });
  expect(outcome.output).toContain(`NOT KEPT: parley_${kind} count==0`);
});

const NEW_MESSAGES: Record<string, RegExp> = {
  native: /^42\/chat,\["new_message"/,
  catchat: /"messageType":1/,
  gateway: /"type":"chat\.message"/,
  kelisim: /"type":"new_message".*"chat_id"/,
  matcha: /"type":"new_message".*"conversation_id"|"conversation_id".*"type":"new_message"/,
};

test("a proxy that drops one frame of each contract is found out on each", async (context) => {
  const left = new Map(Object.entries(NEW_MESSAGES));
  const spoil = () => (text: string) => {
    const [name] = [...left].find(([, words]) => words.test(text)) ?? [];
    if (name === undefined) return [text];
    left.delete(name);
    return [];
  };
  // Some of the frames are the acknowledgements of those who sent them, and waited for.
  const env = { VUS: "10", DURATION: "1s", PATIENCE_SECONDS: "10" };
  const outcome = await run(context, { scenario: "contracts", env, spoil });
  expect(outcome, outcome.output).toMatchObject({ code: THRESHOLDS_CROSSED });
  for (const name of Object.keys(NEW_MESSAGES)) expect(outcome.output).toContain(`lost: ${name}, `);
});

test("a proxy that changes nothing is not found out", async (context) => {
  const outcome = await run(context, {
    scenario: "soak",
    env: { VUS: "4", DURATION: "1s" },
    spoil: () => (text) => [text],
  });
  expect(outcome, outcome.output).toMatchObject({ code: 0 });
});
