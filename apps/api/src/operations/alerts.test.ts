import { readFileSync } from "node:fs";
import path from "node:path";
import type { NodeReport, NodeSample, QueueName } from "@parley/contracts";
import type { QueueLook } from "@parley/platform";
import { describe, expect, it, test } from "vitest";
import { ALERT_GUIDE } from "./alert-guide.js";
import { describeQueue } from "./describe-queue.js";
import { jobAlerts } from "./job-alerts.js";
import { nodeAlerts, restartAlerts } from "./node-alerts.js";
import { rateAlerts } from "./rate-alerts.js";
import type { SeenNode } from "./read-nodes.js";
import { quantileOf, rateOf, type Step } from "./read-steps.js";

const NOW = new Date("2026-03-04T12:00:00Z");
const ROOT = path.resolve(import.meta.dirname, "../../../..");

const sampleOf = (sample: Partial<NodeSample> = {}): NodeSample => ({
  node: "api-1",
  instance: "run-1",
  kind: "api",
  seconds: 10,
  connections: 0,
  counters: {},
  ...sample,
});

/** The last steps of so many minutes, the same in each. */
function stepsOf(minutes: number, sample: (place: number) => Partial<NodeSample>[]): Step[] {
  const count = minutes * 6;
  return Array.from({ length: count }, (_, place) => ({
    at: new Date(NOW.getTime() - (count - 1 - place) * 10_000),
    samples: sample(place).map(sampleOf),
  }));
}

const codesOf = (findings: Array<{ code: string }>) => findings.map(({ code }) => code);
const counting = (minutes: number, counters: Record<string, number>) =>
  stepsOf(minutes, () => [{ counters }]);

describe("each alert", () => {
  const rules = readFileSync(path.join(ROOT, "infra/prometheus/parley-alerts.yml"), "utf8");
  const runbooks = readFileSync(path.join(ROOT, "docs/runbooks.md"), "utf8");

  it.each(Object.entries(ALERT_GUIDE))(
    "%s has a runbook, and is as bad as Prometheus says",
    (code, { severity }) => {
      expect(runbooks).toContain(`\n## ${code}\n`);
      const rule = rules.split("- alert: ").find((text) => text.startsWith(`${code}\n`));
      expect(rule).toContain(`severity: ${severity}\n`);
    },
  );
});

describe("a quiet cluster", () => {
  it("has none", () => {
    const steps = stepsOf(60, () => [
      { connections: 2_000, counters: { requests: 100, messages: 50, handshakes: 5 }, acks: acksOf(50) },
      {
        node: "worker-1",
        instance: "run-2",
        kind: "worker",
        counters: { "job.done:notifications.sweep": 2, "push.ended:fcm": 5 },
      },
    ]);
    expect(rateAlerts(steps, NOW)).toEqual([]);
    expect(jobAlerts({ queues: [], steps }, NOW)).toEqual([]);
    expect(restartAlerts(steps, NOW)).toEqual([]);
    expect(nodeAlerts({ part: [seen("worker")], incomplete: null }, NOW)).toEqual([]);
  });
});

/** So many sends that took up to 5 ms, and so many that took up to 2.5 s. */
function acksOf(fast: number, slow = 0): number[] {
  return [0, 0, fast, 0, 0, 0, 0, 0, 0, 0, slow, 0, 0];
}

describe("rates", () => {
  test.each([
    ["ParleySystemErrors", { requests: 100, "requests.failed": 5 }],
    ["ParleyInternalErrors", { internal: 1 }],
    ["ParleyOverloaded", { overloaded: 1 }],
    ["ParleyIntegrityFault", { integrity: 1 }],
    ["ParleyNotificationUnrenderable", { unrenderable: 1 }],
    ["ParleyNotificationsOverdue", { overdue: 10 }],
    ["ParleyCatchUpGaps", { gaps: 20 }],
    ["ParleyHandshakesRefused", { handshakes: 10, "handshakes.refused": 9 }],
    ["ParleySlowClients", { slow_clients: 1 }],
  ])("bring %s, with the time of the first", (code, counters) => {
    const quiet = stepsOf(10, () => [{}]).map(({ at, samples }) => ({
      at: new Date(at.getTime() - 120_000),
      samples,
    }));
    const found = rateAlerts([...quiet, ...counting(2, counters)], NOW);
    expect(codesOf(found)).toEqual([code]);
    expect(found[0]?.since).toEqual(new Date(NOW.getTime() - 110_000));
  });

  it("say that sends and deliveries are slow", () => {
    const slow = { acks: acksOf(90, 10), deliveries: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0] };
    expect(
      codesOf(
        rateAlerts(
          stepsOf(5, () => [slow]),
          NOW,
        ),
      ).toSorted(),
    ).toEqual(["ParleyDeliverySlow", "ParleySendSlow"]);
  });

  it("say that connections are gone, or twice as many", () => {
    const change = (from: number, to: number) =>
      codesOf(
        rateAlerts(
          stepsOf(30, (place) => [{ connections: place < 176 ? from : to }]),
          NOW,
        ),
      );
    expect(change(400, 150)).toEqual(["ParleyConnectionsDropped"]);
    expect(change(400, 250)).toEqual([]);
    expect(change(90, 0)).toEqual([]);
    expect(change(600, 1_300)).toEqual(["ParleyConnectionsSurge"]);
  });

  it("are by the time that each process took, and never negative", () => {
    const [step] = stepsOf(1, () => [
      { counters: { messages: 100 } },
      { counters: { messages: 600 }, seconds: 60 },
    ]);
    expect(step && rateOf(step, (name) => name === "messages")).toBe(20);
  });

  it("leave out samples with other bounds", () => {
    const steps = stepsOf(1, () => [{ acks: [1, 2] }]);
    expect(quantileOf(steps, { values: "acks", bounds: [1, 2, 3], part: 0.5 })).toBeNull();
    expect(quantileOf(steps, { values: "acks", bounds: [10], part: 0.2 })).toBeCloseTo(6);
  });
});

describe("jobs and pushes", () => {
  const judged = (counters: Record<string, number>) =>
    jobAlerts({ queues: [], steps: counting(10, counters) }, NOW);

  test.each([
    ["ParleyJobsFailing", "files.collect", { "job.failed:files.collect": 1, "job.done:files.collect": 5 }],
    ["ParleyPushesFailing", "fcm", { "push.ended:fcm": 5, "push.failed:fcm": 2 }],
    ["ParleyPushKeysRefused", "apple", { "push.ended:apple": 50, "push.unauthorised:apple": 1 }],
  ])("bring %s for %s", (code, subject, counters) => {
    expect(judged(counters)).toMatchObject([{ code, subject }]);
  });

  it("leave single failures alone", () => {
    expect(judged({ "job.failed:a": 1, "job.done:a": 50 })).toEqual([]);
    expect(judged({ "push.ended:fcm": 50, "push.failed:fcm": 2 })).toEqual([]);
  });

  it("say that the sweeper has stopped only where a worker has been there all the time", () => {
    const worker = { node: "w", kind: "worker" as const, counters: { "job.done:jobs": 1 } };
    const found = (minutes: number, sample: Partial<NodeSample>) =>
      codesOf(jobAlerts({ queues: [], steps: stepsOf(minutes, () => [sample]) }, NOW));
    expect(found(10, worker)).toEqual(["ParleySweeperStopped"]);
    expect(found(5, worker)).toEqual([]);
    expect(found(10, {})).toEqual([]);
  });
});

describe("nodes", () => {
  it("that are lost, or start again and again, are told", () => {
    const lost = nodeAlerts({ part: [seen("api", "lost"), seen("worker")], incomplete: null }, NOW);
    expect(lost).toMatchObject([{ code: "ParleyNodeDown", subject: "api-1" }]);
    const restarts = stepsOf(10, (place) => [{ instance: `run-${Math.floor(place / 15)}` }]);
    expect(restartAlerts(restarts, NOW)).toMatchObject([{ code: "ParleyRestarting", subject: "api-1" }]);
  });

  it.each(["lost", "draining"] as const)("have no worker when the only one is %s", (state) => {
    const { report, shape } = seen("worker", state);
    const found = nodeAlerts({ part: [{ report, shape }], incomplete: null }, NOW);
    expect(codesOf(found)).toContain("ParleyNoWorker");
    // Nothing is known of the others.
    expect(codesOf(nodeAlerts({ part: [seen("api")], incomplete: "no Redis" }, NOW))).toEqual([]);
  });

  it("are given the time in which a trouble may pass", () => {
    const since = (seconds: number) => new Date(NOW.getTime() - seconds * 1_000).toISOString();
    const found = (code: string, seconds: number) => {
      const { report, shape } = seen("worker");
      const troubled = { ...report, troubles: [{ code, since: since(seconds), detail: null }] };
      return codesOf(nodeAlerts({ part: [{ report: troubled, shape }], incomplete: null }, NOW));
    };
    expect([found("postgres", 9), found("postgres", 11)]).toEqual([[], ["ParleyDatabaseUnavailable"]]);
    expect([found("loop_lag", 10), found("loop_lag", 60)]).toEqual([[], ["ParleyLoopLag"]]);
    expect([found("storage", 30), found("storage", 90)]).toEqual([[], ["ParleyStorageUnavailable"]]);
    expect(found("moonquake", 600)).toEqual([]);
  });
});

function seen(kind: "api" | "worker", state: SeenNode["shape"]["state"] = "ready"): SeenNode {
  const report: NodeReport = {
    kind,
    version: "1.0.0",
    instance: "run-1",
    startedAt: NOW.toISOString(),
    draining: state === "draining",
    connections: 0,
    users: 0,
    loopLagP99Ms: 0,
    memoryBytes: 0,
    cpuPercent: 0,
    dependencies: {},
    troubles: [],
    slots: {},
  };
  const { troubles: _, slots: __, ...facts } = report;
  const shape = {
    id: `${kind}-1`,
    kind,
    version: facts.version,
    started_at: facts.startedAt,
    seen_at: NOW.toISOString(),
    state,
    connections: 0,
    users: 0,
    loop_lag_p99_ms: 0,
    memory_bytes: 0,
    cpu_percent: 0,
    dependencies: {},
    trouble: null,
    trouble_since: null,
    drain_asked: false,
  };
  return { report, shape };
}

describe("a queue", () => {
  const look: QueueLook = {
    paused: false,
    waiting: 3,
    active: 0,
    delayed: 0,
    failed: 0,
    completed: 0,
    oldestWaitingMs: 240_000,
    failures: [],
    lastDoneAt: null,
  };
  const troubleOf = (
    changes: Partial<QueueLook> = {},
    facts: { name?: QueueName; workers?: number; slots?: number } = {},
  ) => describeQueue({ name: "jobs", workers: 1, slots: 4, ...facts, look: { ...look, ...changes } }).trouble;
  const failure = (seconds: number) => ({
    id: "1",
    job: "files.collect",
    failedAt: new Date(NOW.getTime() - seconds * 1_000),
    reason: "no room",
    attempts: 3,
  });

  it("says why it does not move, and what to do", () => {
    expect(troubleOf({ paused: true })).toBe("Somebody has paused it; 3 jobs wait until it is resumed.");
    expect(troubleOf({}, { workers: 0, slots: 0 })).toMatch(
      /^No live worker takes its jobs, and 3 jobs are there: start a worker,/,
    );
    expect(troubleOf({}, { name: "push", workers: 0 })).toContain("VAPID_PRIVATE_KEY");
    expect(troubleOf({ active: 4 })).toMatch(
      /^The oldest job waits 4 min while all 4 slots are busy: add workers/,
    );
    expect(troubleOf({ active: 1 })).toContain("although only 1 of 4 slots are busy");
    const failures = [failure(1), failure(2), failure(3)];
    expect(troubleOf({ failures, oldestWaitingMs: 0 })).toContain(
      'The last 3 jobs failed, the newest one (files.collect) with "no room"',
    );
  });

  it("has no trouble while it moves", () => {
    expect(troubleOf({ oldestWaitingMs: 59_000 })).toBeNull();
    expect(troubleOf({}, { name: "campaigns" })).toBeNull();
    expect(troubleOf({ waiting: 0, oldestWaitingMs: null }, { workers: 0 })).toBeNull();
    const failures = [failure(1), failure(20), failure(30)];
    const lastDoneAt = new Date(NOW.getTime() - 10_000);
    expect(troubleOf({ failures, lastDoneAt, oldestWaitingMs: 0 })).toBeNull();
  });
});
