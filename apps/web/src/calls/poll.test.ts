import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CallFailure } from "./call-failure.js";
import { type Polling, startPolling } from "./poll.js";

let asked: Array<{ answer: (data: number) => void; fail: (failure: CallFailure) => void }> = [];
let resting = false;
let seen: unknown[] = [];
let polling: Polling;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  seen = [];
  resting = false;
});

afterEach(() => {
  polling.stop();
  vi.useRealTimers();
});

function start() {
  polling = startPolling<number>({
    load: () => new Promise((answer, fail) => asked.push({ answer, fail })),
    everyMs: 1000,
    onData: (data) => seen.push(data),
    onFailure: (failure) => seen.push(failure.code),
    isResting: () => resting,
  });
}

const failure = new CallFailure({ code: "overloaded", message: "", status: 503 });

test("asks at once, and again only after the answer, however late that is", async () => {
  start();
  await vi.advanceTimersByTimeAsync(60_000);
  polling.hurry();
  polling.wake();
  expect(asked).toHaveLength(1);
  asked[0]?.answer(1);
  await vi.advanceTimersByTimeAsync(999);
  expect(asked).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked).toHaveLength(2);
  expect(seen).toEqual([1]);
});

test("asks more and more rarely while the server has trouble, and as before when it is well", async () => {
  start();
  for (const [n, waitMs] of [2000, 4000, 8000, 16_000, 30_000, 30_000].entries()) {
    asked[n]?.fail(failure);
    await vi.advanceTimersByTimeAsync(waitMs - 1);
    expect(asked).toHaveLength(n + 1);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked).toHaveLength(n + 2);
  }
  asked.at(-1)?.answer(1);
  await vi.advanceTimersByTimeAsync(1000);
  expect(asked).toHaveLength(8);
});

test("waits as long as the server says", async () => {
  start();
  asked[0]?.fail(new CallFailure({ code: "rate_limited", message: "", status: 429, retryAfterMs: 50_000 }));
  await vi.advanceTimersByTimeAsync(49_999);
  expect(asked).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked).toHaveLength(2);
});

test("asks nothing while nobody looks, and once when somebody does again", async () => {
  start();
  asked[0]?.answer(1);
  resting = true;
  await vi.advanceTimersByTimeAsync(600_000);
  expect(asked).toHaveLength(1);
  resting = false;
  polling.wake();
  polling.wake();
  expect(asked).toHaveLength(2);
});

test("a look away and back does not ask before the time", async () => {
  start();
  asked[0]?.answer(1);
  await vi.advanceTimersByTimeAsync(500);
  polling.wake();
  expect(asked).toHaveLength(1);
});

test("tells nothing after it was stopped", async () => {
  start();
  polling.stop();
  asked[0]?.answer(1);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(seen).toEqual([]);
  expect(asked).toHaveLength(1);
});
