import { randomBytes } from "node:crypto";
import { testRedisUrl, until } from "@parley/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openJobDesk } from "./job-desk.js";
import { type JobWorker, openWorker } from "./queues.js";

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

let desk: ReturnType<typeof openJobDesk<"work">>;
let worker: JobWorker | undefined;
let connection: { redisUrl: string; prefix: string; log: typeof log };

beforeEach(() => {
  connection = { redisUrl: testRedisUrl(), prefix: `test-${randomBytes(6).toString("hex")}`, log };
  desk = openJobDesk({ names: ["work"], ...connection });
  worker = undefined;
});

afterEach(async () => {
  await worker?.close();
  await desk.close();
});

const look = () => desk.control("work").look({ failures: 2 });
const ready = () =>
  until(
    () =>
      look().then(
        () => true,
        () => false,
      ),
    "Redis is there",
  );
const add = (job = "job") => desk.queues.work.add(job, {});

test("a queue that nobody serves says how long its oldest job waits", async () => {
  await ready();
  expect(await look()).toMatchObject({ waiting: 0, oldestWaitingMs: null, failures: [], lastDoneAt: null });
  await add();
  await add();
  const first = await look();
  expect(first).toMatchObject({ waiting: 2, active: 0, paused: false });
  await until(
    async () => ((await look()).oldestWaitingMs ?? 0) > (first.oldestWaitingMs ?? 0),
    "it waits longer",
  );
});

test("a paused queue begins no job, says so, and goes on when it is resumed", async () => {
  await ready();
  await desk.control("work").pause();
  const done: string[] = [];
  worker = openWorker({ name: "work", ...connection, run: async ({ job }) => void done.push(job) });
  await add();
  const paused = await look();
  expect(paused).toMatchObject({ paused: true, waiting: 1 });
  expect(paused.oldestWaitingMs).not.toBeNull();
  // That it would have begun otherwise shows below.
  expect(done).toEqual([]);
  await desk.control("work").resume();
  await until(async () => done.length === 1, "the job is done");
  await until(async () => (await look()).lastDoneAt !== null, "it is known when one was done last");
  expect(await look()).toMatchObject({ paused: false, waiting: 0, completed: 1 });
});

test("failed jobs are shown with their reasons, the newest first, and run again when somebody says so", async () => {
  await ready();
  let broken = true;
  const done: string[] = [];
  worker = openWorker({
    name: "work",
    ...connection,
    run: async ({ job }) => {
      if (broken) throw new Error(`no ${job} today`);
      done.push(job);
    },
  });
  // A scheduled job has one try.
  await desk.queues.work.schedule("often", { everyMs: 50, job: "often", data: {} });
  await until(async () => (await look()).failed >= 3, "three have failed");
  const { failures } = await look();
  expect(failures).toHaveLength(2);
  expect(failures[0]).toMatchObject({ job: "often", reason: "no often today", attempts: 1 });
  expect(failures[0]?.failedAt.getTime()).toBeGreaterThanOrEqual(failures[1]?.failedAt.getTime() ?? 0);
  broken = false;
  expect(await desk.control("work").retryFailed()).toBeGreaterThanOrEqual(2);
  await until(async () => {
    const { failed } = await look();
    // One that had thrown and was not kept as failed yet when all were told to run again.
    if (failed > 0) await desk.control("work").retryFailed();
    return failed === 0 && done.length >= 3;
  }, "they are done");
});
