import { expect, test } from "vitest";
import { createFallbackLimiter } from "./fallback-limiter.js";

function limiterAt(start: number, maxKeys?: number) {
  let time = start;
  const limiter = createFallbackLimiter({
    now: () => time,
    ...(maxKeys === undefined ? {} : { maxKeys }),
  });
  return { limiter, wait: (ms: number) => (time += ms) };
}

const policy = { name: "send", perMinute: 100, burst: 20 };

test("allows the burst, then one per interval, and says when", () => {
  const { limiter, wait } = limiterAt(1_000_000);
  const burst = Array.from({ length: 20 }, () => limiter.take("u1", policy));
  expect(burst.every(({ allowed }) => allowed)).toBe(true);
  expect(burst.map(({ remaining }) => remaining)).toEqual(Array.from({ length: 20 }, (_, i) => 19 - i));
  const refused = limiter.take("u1", policy);
  expect(refused).toEqual({ allowed: false, limit: 100, remaining: 0, retryAfterMs: 602, resetMs: 12_000 });
  wait(refused.retryAfterMs);
  expect(limiter.take("u1", policy).allowed).toBe(true);
  expect(limiter.take("u1", policy).allowed).toBe(false);
  wait(12_000);
  expect(limiter.take("u1", policy).remaining).toBe(19);
});

test.each([7, 13, 100, 900, 1200])("loses no request to fractions at %i a minute", (perMinute) => {
  const { limiter, wait } = limiterAt(123_456.789);
  const fractional = { name: "send", perMinute, burst: 5 };
  const allowed = () => limiter.take("u1", fractional).allowed;
  for (let round = 0; round < 50; round++) {
    expect(Array.from({ length: 6 }, allowed)).toEqual([true, true, true, true, true, false]);
    wait((60_000 / perMinute) * 5);
  }
});

test("keys and policies don't touch each other", () => {
  const { limiter } = limiterAt(0);
  const once = { name: "once", perMinute: 1, burst: 1 };
  expect(limiter.take("u1", once).allowed).toBe(true);
  expect(limiter.take("u1", once).allowed).toBe(false);
  expect(limiter.take("u2", once).allowed).toBe(true);
  expect(limiter.take("u1", { ...once, name: "other" }).allowed).toBe(true);
});

test("remembers a bounded number of keys, and those in use the longest", () => {
  const { limiter } = limiterAt(0, 100);
  const once = { name: "once", perMinute: 1, burst: 2 };
  limiter.take("busy", once);
  limiter.take("busy", once);
  for (let key = 0; key < 10_000; key++) {
    limiter.take(`u${key}`, once);
    if (key % 50 === 0) expect(limiter.size).toBeLessThanOrEqual(100);
  }
  expect(limiter.take("u9999", once).remaining).toBe(0);
  expect(limiter.take("u0", once).remaining).toBe(1);
});
