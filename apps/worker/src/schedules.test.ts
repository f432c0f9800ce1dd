import { type JobQueue, QueueUnavailable } from "@parley/platform";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keepSchedules } from "./schedules.js";

const schedules = [
  { id: "verify", job: "chats.verify" as const, everyMs: 1000, data: {} },
  { id: "verify-all", job: "chats.verify" as const, everyMs: 2000, data: { limit: 10 } },
];

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function fakeQueue() {
  const schedule = vi.fn<JobQueue["schedule"]>(async () => undefined);
  let ready: () => void = () => undefined;
  const queue: JobQueue = {
    schedule,
    add: async () => undefined,
    counts: async () => ({}),
    oldestWaitingMs: async () => 0,
    onReady: (callback) => {
      ready = callback;
    },
    close: async () => undefined,
  };
  return { queue, schedule, becomeReady: () => ready() };
}

const deskOf = (queue: JobQueue) => ({
  queues: {
    jobs: queue,
    data: queue,
    notifications: queue,
    campaigns: queue,
    push: queue,
    "push-bulk": queue,
  },
});
const createLog = () => ({ info: vi.fn(), warn: vi.fn(), error: vi.fn() });

test("puts every schedule in when Redis is there, when it is back, and by the clock", async () => {
  const { queue, schedule, becomeReady } = fakeQueue();
  const end = keepSchedules({ desk: deskOf(queue), log: createLog() }, schedules);
  becomeReady();
  await vi.advanceTimersByTimeAsync(0);
  expect(schedule.mock.calls).toEqual([
    ["verify", { job: "chats.verify", everyMs: 1000, data: {} }],
    ["verify-all", { job: "chats.verify", everyMs: 2000, data: { limit: 10 } }],
  ]);
  becomeReady();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(schedule.mock.calls.length).toBeGreaterThanOrEqual(8);
  end();
  schedule.mockClear();
  becomeReady();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(schedule).not.toHaveBeenCalled();
});

test("says nothing while Redis is away, and something when it refuses", async () => {
  const { queue, schedule, becomeReady } = fakeQueue();
  const log = createLog();
  const end = keepSchedules({ desk: deskOf(queue), log }, schedules);
  schedule.mockRejectedValueOnce(new QueueUnavailable("away"));
  becomeReady();
  await vi.advanceTimersByTimeAsync(0);
  expect(log.error).not.toHaveBeenCalled();
  schedule.mockRejectedValueOnce(new Error("READONLY"));
  becomeReady();
  await vi.advanceTimersByTimeAsync(0);
  expect(log.error).toHaveBeenCalledTimes(1);
  end();
});
