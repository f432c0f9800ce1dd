import { JOB_CATALOGUE, nodeSample } from "@parley/contracts";
import { Counter, createMetrics, Histogram, MOST_SAMPLE_BYTES } from "@parley/platform";
import { describe, expect, it } from "vitest";
import { createWorkerCounters } from "./worker-counters.js";

const MUCH = 99_999_999;

describe("what a worker counts", () => {
  it("fits into a sample, even when it does every job, fails at each, and pushes everywhere in vain", async () => {
    const metrics = createMetrics({ node: "worker-1", process: "worker" });
    const registers = [metrics.registry];
    const pushes = new Counter({
      name: "parley_pushes_total",
      help: "x",
      labelNames: ["service", "outcome"],
      registers,
    });
    for (const service of ["fcm", "mozilla", "apple", "windows", "other"])
      pushes.inc({ service, outcome: "unauthorised" }, MUCH);
    const jobs = new Histogram({
      name: "parley_job_seconds",
      help: "x",
      labelNames: ["job_name", "outcome"],
      registers,
    });
    for (const job of Object.keys(JOB_CATALOGUE))
      for (const outcome of ["done", "failed"]) jobs.observe({ job_name: job, outcome }, 1);
    for (const name of ["parley_integrity_faults_total", "parley_unrenderable_notifications_total"])
      new Counter({ name, help: "x", registers }).inc(MUCH);
    const swept = { name: "parley_notifications_swept_total", help: "x", labelNames: ["step"], registers };
    new Counter(swept).inc({ step: "due" }, MUCH);
    const counted = await createWorkerCounters(metrics)();
    expect(Object.keys(counted)).toHaveLength(5 * 3 + Object.keys(JOB_CATALOGUE).length * 2 + 3);
    // Who does each job a hundred thousand times in ten seconds has not been seen.
    const counters = Object.fromEntries(Object.keys(counted).map((name) => [name, 999_999]));
    const sample = nodeSample.parse({
      node: "n".repeat(63),
      instance: "i".repeat(36),
      kind: "worker",
      seconds: 10.1,
      connections: 0,
      counters,
    });
    expect(Buffer.byteLength(JSON.stringify(sample))).toBeLessThanOrEqual(MOST_SAMPLE_BYTES);
  });
});
