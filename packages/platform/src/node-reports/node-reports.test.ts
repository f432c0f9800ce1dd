import { randomBytes } from "node:crypto";
import { testRedisUrl, until } from "@parley/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { Counter, createMetrics, Histogram } from "../metrics.js";
import { connectRedis, type Redis, whenReady } from "../redis.js";
import { createDeltas, readBuckets, readCounters } from "./counter-readings.js";
import { NodeReporter } from "./node-reporter.js";
import {
  type BoardSample,
  MOST_NODES,
  MOST_SAMPLE_BYTES,
  ReportBoard,
  STEP_SECONDS,
} from "./report-board.js";
import { TroubleLog } from "./trouble-log.js";

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

let redis: Redis;
let prefix: string;
let board: ReportBoard;

beforeAll(async () => {
  redis = connectRedis({ url: testRedisUrl(), role: "cache", log });
  await whenReady(redis, 60_000);
});

beforeEach(() => {
  prefix = `test-${randomBytes(6).toString("hex")}:{nodes}`;
  board = new ReportBoard({ redis, prefix });
});

afterEach(async () => {
  const keys = await redis.keys(`${prefix}*`);
  if (keys.length > 0) await redis.del(keys);
});

afterAll(() => redis.disconnect());

const write = (node: string, instance = `${node}-1`, ...samples: BoardSample[]) =>
  board.write({ node, instance, report: JSON.stringify({ of: node }), samples });

async function currentStep(): Promise<number> {
  return Math.floor(Number((await redis.time())[0]) / STEP_SECONDS);
}

describe("the board", () => {
  it("shows who has reported, until they say goodbye", async () => {
    await write("a");
    await write("b");
    const entries = await board.list();
    expect(entries.map(({ node, report, drain }) => [node, report, drain]).toSorted()).toEqual([
      ["a", '{"of":"a"}', null],
      ["b", '{"of":"b"}', null],
    ]);
    expect(entries.every(({ seenMsAgo }) => seenMsAgo < 60_000)).toBe(true);
    await board.leave("a");
    expect((await board.list()).map(({ node }) => node)).toEqual(["b"]);
  });

  it("asks one run of a node to drain, and not its successor", async () => {
    expect(await write("a", "first")).toMatchObject({ drain: false });
    await board.askDrain({ node: "a", instance: "first" });
    expect(await board.list()).toMatchObject([{ node: "a", drain: "first" }]);
    expect(await write("a", "second")).toMatchObject({ drain: false });
    expect(await write("a", "first")).toMatchObject({ drain: true });
  });

  it("keeps samples by steps that are over, of several processes side by side", async () => {
    const step = (await currentStep()) - 1;
    await write("a", "a-1", { step, text: "one" });
    await write("a", "a-2", { step, text: "two" }, { step: step + 1_000, text: "to come" });
    await write("a", "a-2", { step, text: "two" });
    const steps = await board.steps(1);
    expect(steps.map(({ samples }) => samples.toSorted())).toEqual([["one", "two"]]);
    expect(steps[0]?.at.getTime()).toBe((step + 1) * STEP_SECONDS * 1_000);
  });

  it("takes samples late, by the steps in which they were counted, and none that nobody will ask for", async () => {
    const now = await currentStep();
    const minute = 60 / STEP_SECONDS;
    await write(
      "a",
      "a-1",
      { step: now - 61 * minute, text: "too old" },
      { step: now - 30 * minute, text: "half an hour ago" },
      { step: now - 2 * minute, text: "two minutes ago" },
    );
    expect((await board.steps(60)).map(({ samples }) => samples)).toEqual([
      ["half an hour ago"],
      ["two minutes ago"],
    ]);
    const keys = await redis.keys(`${prefix}:samples:*`);
    expect(keys).toHaveLength(2);
  });

  it("holds a bounded number of nodes and samples, whatever they call themselves, and each only for a while", async () => {
    const step = await currentStep();
    for (let node = 0; node < MOST_NODES + 50; node++)
      await write(`node-${node}`, `run-${node}`, { step, text: "x" });
    const keys = await redis.keys(`${prefix}*`);
    expect(keys.filter((key) => key.includes(":report:"))).toHaveLength(MOST_NODES);
    for (const key of keys) {
      expect(await redis.pttl(key)).toBeGreaterThan(0);
      expect(await redis.pttl(key)).toBeLessThanOrEqual(3_660_000);
      if (key.includes(":samples:")) expect(await redis.hlen(key)).toBeLessThanOrEqual(MOST_NODES);
    }
    const entries = await board.list();
    expect(entries).toHaveLength(MOST_NODES);
    expect(entries.some(({ node }) => node === `node-${MOST_NODES + 49}`)).toBe(true);
    await expect(board.write({ node: "a", instance: "b", report: "x".repeat(10_000) })).rejects.toThrow(
      "larger",
    );
    await write("a", "b", { step, text: "x".repeat(MOST_SAMPLE_BYTES) });
    const larger = { step, text: "x".repeat(MOST_SAMPLE_BYTES + 1) };
    await expect(write("a", "b", larger)).rejects.toThrow("larger");
  });
});

describe("a reporter", () => {
  it("reports again and again, with a sample for each step, drains once, and says goodbye", async () => {
    let looks = 0;
    let drains = 0;
    const reporter = new NodeReporter({
      board,
      node: "a",
      instance: "a-1",
      look: async () => ({ looks: ++looks }),
      sample: async () => ({ counted: 1 }),
      onDrain: () => drains++,
      log,
      everyMs: 20,
    });
    reporter.start();
    await until(async () => looks > 5, "it has reported some times");
    const samples = async () => {
      const keys = await redis.keys(`${prefix}:samples:*`);
      return Promise.all(keys.map((key) => redis.hvals(key)));
    };
    await until(async () => (await samples()).length > 0, "it has told what it counted");
    for (const step of await samples())
      expect(step.map((text) => JSON.parse(text))).toEqual([{ counted: 1, seconds: expect.any(Number) }]);
    await board.askDrain({ node: "a", instance: "a-1" });
    await until(async () => drains > 0, "it was told to drain");
    const drained = looks;
    await until(async () => looks > drained + 3, "it goes on reporting");
    expect(drains).toBe(1);
    await reporter.close();
    expect(await board.list()).toEqual([]);
  });

  it("keeps what it counted while Redis was away, by the steps in which it was, and tells it once", async () => {
    const now = 1_000_000_000_000;
    let isAway = false;
    const written: BoardSample[][] = [];
    const told = new Map<number, number>();
    const fake = {
      write: async ({ samples = [] }: { samples?: readonly BoardSample[] }) => {
        if (isAway) throw new Error("no Redis");
        written.push([...samples]);
        for (const { step, text } of samples) told.set(step, JSON.parse(text).counted);
        return { now: now + performance.now(), drain: false };
      },
      leave: async () => undefined,
    } as unknown as ReportBoard;
    let counted = 0;
    const reporter = new NodeReporter({
      board: fake,
      node: "a",
      instance: "a-1",
      look: async () => ({}),
      sample: async () => ({ counted: ++counted }),
      onDrain: () => undefined,
      log,
    });
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const pass = async (steps: number) => {
      for (let step = 0; step < steps; step++) {
        vi.advanceTimersByTime(STEP_SECONDS * 1_000);
        await reporter.now();
      }
    };
    await reporter.now();
    await pass(2);
    isAway = true;
    await pass(400);
    isAway = false;
    await pass(10);
    const steps = [...told.keys()].toSorted((one, other) => one - other);
    // The first two; of the time without Redis and the first report after it an hour; and what came then.
    expect(steps.slice(2)).toEqual(Array.from({ length: 369 }, (_, place) => (steps[2] ?? 0) + place));
    expect(written.every((samples) => samples.length <= 60)).toBe(true);
    const values = steps.map((step) => told.get(step));
    expect(values).toEqual(values.toSorted((one, other) => Number(one) - Number(other)));
    expect(new Set(values).size).toBe(values.length);
    await reporter.close();
  });

  it("goes on after a sample that the board does not take", async () => {
    let samples = 0;
    let looks = 0;
    const sample = async () => {
      samples++;
      return samples === 1 ? { counted: "x".repeat(MOST_SAMPLE_BYTES) } : { counted: samples };
    };
    const look = async () => ({ looks: ++looks });
    const reporter = new NodeReporter({
      board,
      node: "a",
      instance: "1",
      look,
      sample,
      onDrain: () => undefined,
      log,
      everyMs: 20,
    });
    reporter.start();
    await until(async () => samples > 0, "it has counted");
    const then = looks;
    await until(
      async () => (await board.list()).some(({ report }) => JSON.parse(report).looks > then),
      "it reports on",
    );
    await reporter.close();
  });

  it("goes on after what it could not say", async () => {
    let looks = 0;
    const look = async () => {
      if (++looks === 1) throw new Error("not yet");
      return {};
    };
    const none = { sample: async () => ({}), onDrain: () => undefined };
    const reporter = new NodeReporter({ board, node: "a", instance: "1", look, ...none, log, everyMs: 20 });
    reporter.start();
    await until(async () => (await board.list()).length === 1, "it has reported");
    await reporter.close();
  });
});

describe("what is wrong", () => {
  it("is known with the time since when, and forgotten when it is over", () => {
    const troubles = new TroubleLog();
    const late = { code: "late", detail: "900 ms" };
    const slow = { code: "slow", patienceMs: 1_000 };
    expect(troubles.note([late, slow], 5_000)).toEqual([
      { code: "late", since: "1970-01-01T00:00:05.000Z", detail: "900 ms" },
    ]);
    expect(troubles.note([late, slow], 6_000).map(({ code, since }) => [code, since])).toEqual([
      ["late", "1970-01-01T00:00:05.000Z"],
      ["slow", "1970-01-01T00:00:05.000Z"],
    ]);
    expect(troubles.note([], 7_000)).toEqual([]);
    expect(troubles.note([late], 8_000)).toMatchObject([{ since: "1970-01-01T00:00:08.000Z" }]);
  });
});

describe("readings", () => {
  it("add counters up under their names, and a histogram's values by its bounds", async () => {
    const metrics = createMetrics({ node: "a", process: "test" });
    const registers = [metrics.registry];
    const pushes = new Counter({ name: "pushes", help: "x", labelNames: ["service", "outcome"], registers });
    pushes.inc({ service: "fcm", outcome: "accepted" }, 3);
    pushes.inc({ service: "fcm", outcome: "refused" }, 2);
    const seconds = new Histogram({
      name: "seconds",
      help: "x",
      labelNames: ["of"],
      buckets: [1, 2],
      registers,
    });
    for (const value of [0.5, 1.5, 1.6, 9]) seconds.observe({ of: "a" }, value);
    seconds.observe({ of: "b" }, 0.5);
    const rules = [
      { metric: "pushes", name: ({ service }: { service?: unknown }) => `ended:${service}` },
      { metric: "seconds", name: ({ of }: { of?: unknown }) => (of === "a" ? "jobs" : undefined) },
      { metric: "nothing", name: () => "nothing" },
    ];
    expect(await readCounters(metrics, rules)).toEqual({ "ended:fcm": 5, jobs: 4 });
    expect(await readBuckets(metrics, { histogram: "seconds", where: ({ of }) => of === "a" })).toEqual([
      1, 2, 1,
    ]);
  });

  it("never run backwards", () => {
    const grown = createDeltas();
    expect([grown("a", 5), grown("a", 7), grown("b", 1), grown("a", 2), grown("a", 4)]).toEqual([
      5, 2, 1, 0, 2,
    ]);
  });
});
