import { createMetrics } from "@parley/platform";
import { createOldChat, openTestNode, readRawRows, type TestNode, until } from "@parley/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createArchiveMetrics } from "../archive-metrics.js";
import { archiveRun } from "./archive-run.js";
import type { JobContext } from "./job.js";

let test: TestNode;

beforeAll(async () => {
  test = await openTestNode();
});

afterAll(() => test.close());

function contextOf(archive: Partial<JobContext["archive"]>) {
  const metrics = createMetrics({ node: "worker-1", process: "worker" });
  const lines: unknown[] = [];
  const log = {
    info: (line: unknown) => void lines.push(line),
    warn: () => undefined,
    error: () => undefined,
  };
  const context = {
    engine: test.engine,
    log,
    archive: {
      policy: { archiveAfterDays: { order: 0, direct: 0, group: 30 }, purgeAfterDays: 0 },
      everyMs: 60_000,
      messagesPerSecond: 1_000_000,
      metrics: createArchiveMetrics(metrics),
      stopping: new AbortController(),
      ...archive,
    },
  } as unknown as JobContext;
  const metric = async (name: string) =>
    (await metrics.registry.getSingleMetric(name)?.get())?.values.map(({ value }) => value);
  return { context, lines, metric };
}

it("archives what is old, and says how much that was before and after", async () => {
  const chatId = await createOldChat(test.engine, { count: 250 });
  const { context, lines, metric } = contextOf({});
  await archiveRun(context, {});
  expect(await readRawRows(test.engine, chatId)).toHaveLength(200);
  expect(lines).toMatchObject([{ messages: 50, segments: 1, purged: 0, failures: 0 }]);
  expect(await metric("parley_archive_messages_total")).toEqual([50]);
  const [raw = 0, stored = 0] = (await metric("parley_archive_bytes_total")) ?? [];
  expect(raw).toBeGreaterThan(stored);
  expect(stored).toBeGreaterThan(0);
  context.archive.policy = { ...context.archive.policy, purgeAfterDays: 31 };
  await archiveRun(context, {});
  expect(await metric("parley_archive_purged_messages_total")).toEqual([50]);
  expect(await metric("parley_archive_failures_total")).toEqual([0]);
});

it("keeps to its pace, ends with its segment when the worker stops, and goes on there", async () => {
  const chatId = await createOldChat(test.engine, { count: 1_250 });
  const stored = async () => (await readRawRows(test.engine, chatId)).length;
  // At one message a second the first segment is followed by a pause of minutes.
  const { context } = contextOf({ messagesPerSecond: 1 });
  let isOver = false;
  const run = archiveRun(context, {}).finally(() => (isOver = true));
  await until(async () => (await stored()) === 750, "the first segment is archived");
  expect(isOver).toBe(false);
  context.archive.stopping.abort();
  await run;
  expect(await stored()).toBe(750);
  expect(context.archive.after).toBeDefined();
  const { context: next } = contextOf({ after: context.archive.after });
  await archiveRun(next, {});
  expect(await stored()).toBe(200);
  expect(next.archive.after).toBeUndefined();
});

it("ends when the next run is due", async () => {
  const chatId = await createOldChat(test.engine, { count: 1_250 });
  const { context } = contextOf({ everyMs: 0 });
  await archiveRun(context, {});
  expect(await readRawRows(test.engine, chatId)).toHaveLength(750);
});
