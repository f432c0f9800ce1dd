import { expect, test } from "vitest";
import { describeResult } from "./describe-result.js";

const counter = (count: number, ok = true) => ({
  values: { count, rate: 0 },
  thresholds: { "count==0": { ok } },
});

test("names what was lost, doubled and disordered, and each threshold that was not kept", () => {
  const data = {
    metrics: {
      parley_lost: counter(2, false),
      parley_doubled: counter(0),
      parley_disordered: counter(1, false),
      parley_sent: { values: { count: 40 } },
      parley_failed: { values: { rate: 0.125 } },
      parley_ack_ms: { values: { med: 1.25, "p(95)": 20, "p(99)": 30, max: 31 } },
    },
    state: { testRunDurationMs: 61_000 },
  };
  const text = describeResult("ramp", data);
  expect(text).toContain("ramp: 61 s");
  expect(text).toContain("lost 2, doubled 0, disordered 1, unanswered 0, unjudged 0");
  expect(text).toContain("sent 40");
  expect(text).toContain("failed operations 12.50 %, failed requests 0.00 %");
  expect(text).toContain("parley_ack_ms: med 1.3 ms, p(95) 20.0 ms, p(99) 30.0 ms, max 31.0 ms");
  expect(text).toContain("NOT KEPT: parley_lost count==0; parley_disordered count==0");
});

test("says so when everything was kept", () => {
  const data = { metrics: { parley_lost: counter(0) }, state: { testRunDurationMs: 1 } };
  expect(describeResult("soak", data)).toContain("every threshold was kept");
});
