import { randomUUID } from "node:crypto";
import { QUEUE_NAMES } from "@parley/contracts";
import { createMetrics, type JobQueue, openJobDesk } from "@parley/platform";
import { startTcpProxy, testRedisUrl, until } from "@parley/testing";
import { expect, onTestFinished, test } from "vitest";
import { createQueueMetrics } from "./queue-metrics.js";

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** The queues of a cluster of its own, and what its metrics say of them. */
function openQueues(redisUrl: string) {
  const desk = openJobDesk({ names: QUEUE_NAMES, redisUrl, prefix: `test-${randomUUID()}`, log });
  onTestFinished(() => desk.close());
  const metrics = createMetrics({ node: "worker-1", process: "worker" });
  createQueueMetrics(metrics, desk.queues);
  const lines = async () =>
    (await metrics.text()).split("\n").filter((line) => line.startsWith("parley_queue_"));
  const value = async (start: string) => {
    const line = (await lines()).find((one) => one.startsWith(start));
    return line === undefined ? undefined : Number(line.split(" ").at(-1));
  };
  return { desk, lines, value };
}

const isReached = (queue: JobQueue) =>
  until(() => queue.counts().catch(() => false as const), "Redis is there");

test("tells how many jobs each queue has in each state, and how old the oldest is", async () => {
  const { desk, lines, value } = openQueues(testRedisUrl());
  /** In the first scrape for which Redis answers in time. */
  const told = async (start: string) => {
    const found = await until(async () => {
      const is = await value(start);
      return is !== undefined && { is };
    }, `the scrape has ${start}`);
    return found.is;
  };
  await isReached(desk.queues.push);
  await desk.queues.push.add("push.deliver", { notificationIds: [] });
  await desk.queues.push.add("push.deliver", { notificationIds: [] });
  await desk.queues.notifications.add("notifications.decide", {}, { delayMs: 60_000 });
  await until(
    async () => ((await value('parley_queue_oldest_seconds{queue="push"')) ?? 0) > 0,
    "one has an age",
  );
  expect(await told('parley_queue_jobs{queue="push",state="waiting"')).toBe(2);
  expect(await told('parley_queue_jobs{queue="notifications",state="delayed"')).toBe(1);
  expect(await told('parley_queue_oldest_seconds{queue="notifications"')).toBe(0);
  // Four states and the age.
  const whole = 5 * QUEUE_NAMES.length;
  await until(async () => (await lines()).length === whole, "all of it is told in one scrape");
});

test("while Redis hangs there are no values, and the scrape is answered", async () => {
  const direct = new URL(testRedisUrl());
  const proxy = await startTcpProxy(Number(direct.port));
  onTestFinished(() => proxy.stop());
  const { lines } = openQueues(`redis://127.0.0.1:${proxy.port}`);
  await until(async () => (await lines()).length > 0, "all queues can be asked");
  proxy.hang();
  expect(await lines()).toEqual([]);
});
