import { expect, test } from "vitest";
import { createCircuitBreaker } from "./circuit-breaker.js";
import { createFakeClock } from "./testing/fake-clock.js";

function open() {
  const clock = createFakeClock();
  const breaker = createCircuitBreaker({ clock, failures: 3, openMs: 1_000, maxOpenMs: 3_000 });
  const fail = () => breaker.leave(breaker.enter(), "failed");
  const answer = () => breaker.leave(breaker.enter(), "answered");
  const failTimes = (times: number) => Array.from({ length: times }, fail);
  return { clock, breaker, fail, answer, failTimes };
}

test("opens after so many failures in a row, and tells once", () => {
  const { breaker, fail, answer, failTimes } = open();
  failTimes(2);
  answer();
  expect(failTimes(2)).toEqual([false, false]);
  expect(breaker.blockedForMs()).toBeUndefined();
  expect(fail()).toBe(true);
  expect(breaker.state()).toBe("open");
  expect(breaker.blockedForMs()).toBe(1_000);
});

test("what was under way when it opened neither opens it again nor makes it last longer", () => {
  const { clock, breaker, failTimes } = open();
  const late = breaker.enter();
  failTimes(3);
  clock.advance(400);
  expect(breaker.leave(late, "failed")).toBe(false);
  expect(breaker.blockedForMs()).toBe(600);
});

test("lets one probe through when the time is over; its answer closes it", () => {
  const { clock, breaker, failTimes, fail } = open();
  failTimes(3);
  clock.advance(1_000);
  expect(breaker.state()).toBe("half_open");
  expect(breaker.blockedForMs()).toBeUndefined();
  const probe = breaker.enter();
  expect(probe).toEqual({ probe: true });
  expect(breaker.blockedForMs()).toBe(1_000);
  breaker.leave(probe, "answered");
  expect(breaker.state()).toBe("closed");
  // It counts from the beginning again.
  expect([fail(), fail()]).toEqual([false, false]);
});

test("each probe that fails doubles the time, up to a limit", () => {
  const { clock, breaker, failTimes } = open();
  failTimes(3);
  for (const expected of [2_000, 3_000, 3_000]) {
    clock.advance(breaker.blockedForMs() ?? 0);
    expect(breaker.leave(breaker.enter(), "failed")).toBe(true);
    expect(breaker.blockedForMs()).toBe(expected);
  }
});

test("a probe that asked nobody lets the next one try", () => {
  const { clock, breaker, failTimes } = open();
  failTimes(3);
  clock.advance(1_000);
  expect(breaker.leave(breaker.enter(), "untried")).toBe(false);
  expect(breaker.blockedForMs()).toBeUndefined();
  expect(breaker.enter()).toEqual({ probe: true });
});

test("an answer to what was under way is a sign of life", () => {
  const { breaker, failTimes } = open();
  const late = breaker.enter();
  failTimes(3);
  breaker.leave(late, "answered");
  expect(breaker.state()).toBe("closed");
});
