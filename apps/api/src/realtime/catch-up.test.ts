import type { Commit } from "@parley/engine";
import { afterEach, expect, it, vi } from "vitest";
import { CatchUp } from "./catch-up.js";

const KEPT_MS = 900_000;

/** A node's look at the log, with a clock and a log of commits of its own. */
function openCatchUp() {
  const state = {
    ms: 0,
    outage: false,
    broken: false,
    reads: [] as number[],
    reports: [] as number[],
    looks: 0,
    lost: 0,
    commits: [] as Commit[],
    heard: [] as Commit[],
    warnings: 0,
  };
  const work =
    <Result>(result: () => Result) =>
    async () => {
      if (state.broken) throw new Error("Postgres is away");
      return result();
    };
  const catchUp = new CatchUp({
    readEnd: work(() => "1"),
    readCommits: work(() => {
      state.reads.push(state.ms);
      return { commits: state.commits.splice(0), next: "2" };
    }),
    reportOutage: work(() => void state.reports.push(state.ms)),
    hasOutage: work(() => {
      state.looks++;
      return state.outage;
    }),
    onCommits: (commits) => state.heard.push(...commits),
    onLost: () => state.lost++,
    keptMs: KEPT_MS,
    log: { info: () => undefined, warn: () => state.warnings++, error: () => undefined },
    now: () => state.ms,
  });
  /** Lets time pass in the steps of the timer. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 500) {
      state.ms += 500;
      await vi.advanceTimersByTimeAsync(500);
    }
  };
  return { catchUp, state, pass };
}

afterEach(() => {
  vi.useRealTimers();
});

it("reads seldom while all is well, and asks often whether another node is cut off", async () => {
  vi.useFakeTimers();
  const { catchUp, state, pass } = openCatchUp();
  catchUp.start();
  await pass(30_000);
  expect(state.reads.length).toBeLessThanOrEqual(7);
  expect(state.looks).toBeGreaterThanOrEqual(59);
  expect(state.reports).toEqual([]);
  await catchUp.close();
});

it("reads within half a second of another node's report, goes on as long as it stands, and calms down after it", async () => {
  vi.useFakeTimers();
  const { catchUp, state, pass } = openCatchUp();
  catchUp.start();
  await pass(1_000);
  const before = state.reads.length;
  const commit = { chatId: "c", rev: 7, seq: 7, joined: [], before: null };
  state.commits.push(commit);
  state.outage = true;
  await pass(500);
  expect(state.heard).toEqual([commit]);
  await pass(5_000);
  expect(state.reads.length - before).toBeGreaterThanOrEqual(11);
  state.outage = false;
  await pass(10_000);
  const calm = state.reads.length;
  await pass(20_000);
  expect(state.reads.length - calm).toBeLessThanOrEqual(5);
  await catchUp.close();
});

it("tells the others at once when its own bus breaks, and again before the report runs out", async () => {
  vi.useFakeTimers();
  const { catchUp, state, pass } = openCatchUp();
  catchUp.start();
  await pass(1_000);
  catchUp.setDegraded(true);
  await pass(500);
  expect(state.reports).toHaveLength(1);
  await pass(10_000);
  const gaps = state.reports.slice(1).map((at, index) => at - (state.reports[index] ?? 0));
  expect(Math.max(...gaps)).toBeLessThanOrEqual(3_000);
  catchUp.setDegraded(false);
  const told = state.reports.length;
  await pass(10_000);
  expect(state.reports).toHaveLength(told);
  await catchUp.close();
});

it("knows that it can't know what it missed after a time for which the log is not kept", async () => {
  vi.useFakeTimers();
  const { catchUp, state, pass } = openCatchUp();
  catchUp.start();
  await pass(1_000);
  state.broken = true;
  await pass(60_000);
  state.broken = false;
  await pass(1_000);
  expect(state.lost).toBe(0);
  state.broken = true;
  await pass(KEPT_MS);
  expect(state.warnings).toBe(2);
  state.broken = false;
  await pass(1_000);
  expect(state.lost).toBe(1);
  await catchUp.close();
});
