import { type JobQueue, QueueUnavailable } from "@parley/platform";
import { expect, test, vi } from "vitest";
import { sweepAtStart } from "./sweep-at-start.js";

function fakeQueue() {
  const add = vi.fn<JobQueue["add"]>(async () => undefined);
  let ready: () => void = () => undefined;
  const queue: JobQueue = {
    add,
    schedule: async () => undefined,
    counts: async () => ({}),
    oldestWaitingMs: async () => 0,
    onReady: (callback) => {
      ready = callback;
    },
    close: async () => undefined,
  };
  const becomeReady = async () => {
    ready();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { queue, add, becomeReady };
}

const createLog = () => ({ info: vi.fn(), warn: vi.fn(), error: vi.fn() });

test("asks once, when Redis is there and again when it went before it had heard", async () => {
  const { queue, add, becomeReady } = fakeQueue();
  const log = createLog();
  sweepAtStart({ queue, log });
  expect(add).not.toHaveBeenCalled();
  add.mockRejectedValueOnce(new QueueUnavailable("away"));
  await becomeReady();
  await becomeReady();
  await becomeReady();
  expect(add.mock.calls).toEqual([
    ["notifications.sweep", { full: true }],
    ["notifications.sweep", { full: true }],
  ]);
  expect(log.error).not.toHaveBeenCalled();
});

test("says so when Redis refuses, and leaves it to the schedule", async () => {
  const { queue, add, becomeReady } = fakeQueue();
  const log = createLog();
  sweepAtStart({ queue, log });
  add.mockRejectedValueOnce(new Error("READONLY"));
  await becomeReady();
  await becomeReady();
  expect(add).toHaveBeenCalledTimes(1);
  expect(log.error).toHaveBeenCalledTimes(1);
});
