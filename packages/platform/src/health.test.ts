import { setImmediate as turn } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { createHealth } from "./health.js";

const works = async () => undefined;
const fails = async () => {
  throw Object.assign(new Error("connect ECONNREFUSED 10.0.0.7:5432"), { code: "ECONNREFUSED" });
};

test("ready when everything required works", async () => {
  const health = createHealth({ postgres: works, redis: { check: async () => "3 ms", required: false } });
  expect(health.live()).toEqual({ live: true });
  expect(await health.ready()).toEqual({
    ready: true,
    draining: false,
    dependencies: {
      postgres: { ok: true, required: true },
      redis: { ok: true, detail: "3 ms", required: false },
    },
  });
});

test("a failed dependency counts only when it is required, and tells no address", async () => {
  const degraded = await createHealth({ redis: { check: fails, required: false } }).ready();
  expect(degraded).toMatchObject({
    ready: true,
    dependencies: { redis: { ok: false, detail: "ECONNREFUSED", required: false } },
  });
  expect(await createHealth({ postgres: fails }).ready()).toMatchObject({ ready: false });
});

test("a check that hangs or throws at once has failed", async () => {
  const health = createHealth(
    {
      hangs: () => new Promise<void>(() => undefined),
      throws: () => {
        throw new Error("broken\nsecond line");
      },
    },
    { timeoutMs: 20 },
  );
  expect(await health.ready()).toMatchObject({
    ready: false,
    dependencies: {
      hangs: { ok: false, detail: "no answer within 20 ms" },
      throws: { ok: false, detail: "broken" },
    },
  });
});

test("a process that was held up itself does not take an answer that is there for late", async () => {
  const health = createHealth({ postgres: () => turn<void>() }, { timeoutMs: 5 });
  // So that timers come next, and answers behind them.
  await turn();
  const ready = health.ready();
  for (const end = performance.now() + 20; performance.now() < end; );
  expect(await ready).toMatchObject({ ready: true });
});

test("draining is not ready, at once, and keeps the states", async () => {
  const health = createHealth({ postgres: works });
  await health.ready();
  health.setDraining();
  expect(await health.ready()).toMatchObject({
    ready: false,
    draining: true,
    dependencies: { postgres: { ok: true } },
  });
});

test("many probes at once run each check once", async () => {
  // An answer is kept for a moment, which this one's end is not to be.
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  let runs = 0;
  let release: () => void = () => undefined;
  const health = createHealth({
    postgres: () => {
      runs++;
      return new Promise<void>((resolve) => {
        release = resolve;
      });
    },
  });
  const probes = Array.from({ length: 50 }, () => health.ready());
  release();
  expect((await Promise.all(probes)).every(({ ready }) => ready)).toBe(true);
  await health.ready();
  expect(runs).toBe(1);
  vi.advanceTimersByTime(250);
  const next = health.ready();
  expect(runs).toBe(2);
  release();
  await next;
});
