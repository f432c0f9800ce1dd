import { randomUUID } from "node:crypto";
import { QUEUE_NAMES, queueOf } from "@parley/contracts";
import { createHealth, type JobRun, type Logger, openJobDesk } from "@parley/platform";
import { testRedisUrl, until } from "@parley/testing";
import { expect, onTestFinished, test } from "vitest";
import { workerConfigSchema } from "./config.js";
import { createEnqueue } from "./create-enqueue.js";
import type { JobContext } from "./jobs/job.js";
import { startWork } from "./start-work.js";

const log = { info: () => undefined, warn: () => undefined, error: () => undefined } as unknown as Logger;
const ASKED = 30;

/** A worker's queues, of a cluster of its own, in which exports last until they are let go. */
async function openWork() {
  const env = { DATABASE_URL: "postgresql://x", REDIS_URL: testRedisUrl() };
  const config = workerConfigSchema.parse({ ...env, REDIS_PREFIX: `test-${randomUUID()}` });
  const { REDIS_URL: redisUrl, REDIS_PREFIX: prefix } = config;
  const desk = openJobDesk({ names: QUEUE_NAMES, redisUrl, prefix, log });
  await until(() => desk.queues.data.counts().catch(() => false as const), "Redis is there");
  const taken: string[] = [];
  let letGo: () => void = () => undefined;
  const exported = new Promise<void>((resolve) => (letGo = resolve));
  const run = async ({ job }: JobRun) => {
    taken.push(job);
    if (job === "data.run") await exported;
  };
  const context = {
    archive: { stopping: new AbortController() },
    search: { stopping: new AbortController() },
  } as unknown as JobContext;
  const begin = () => {
    const health = createHealth({});
    const work = startWork({ config, log, desk, health, hasKeys: false, context, sender: undefined }, run);
    onTestFinished(async () => {
      letGo();
      await work.drain();
      await desk.close();
    });
  };
  return { desk, taken, begin, enqueue: createEnqueue({ desk, hasKeys: false }), letGo: () => letGo() };
}

test("takes what the clock asks for although more exports wait than all slots could take", async () => {
  const { desk, taken, begin, enqueue, letGo } = await openWork();
  for (let asked = 0; asked < ASKED; asked++) enqueue("data.run", { taskId: randomUUID() });
  const queue = desk.queues[queueOf("data.run")];
  await until(async () => (await queue.counts()).waiting === ASKED, "all exports wait");
  begin();
  const housekeeping = ["data.sweep", "commits.prune", "chats.verify", "engagement.count", "archive.asked"];
  await until(() => housekeeping.every((job) => taken.includes(job)), "all housekeeping was taken");
  await until(() => taken.includes("data.run"), "exports are taken, too");
  expect(taken.filter((job) => job === "data.run").length).toBeLessThanOrEqual(2);
  letGo();
  const done = () => taken.filter((job) => job === "data.run").length === ASKED;
  await until(done, "every export was taken");
});
