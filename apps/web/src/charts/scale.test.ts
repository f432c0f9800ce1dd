import { expect, test } from "vitest";
import { ticksUpTo } from "./scale.js";

test.each([
  [0, [0, 1]],
  [Number.NaN, [0, 1]],
  [0.3, [0, 0.1, 0.2, 0.3]],
  [1, [0, 0.5, 1]],
  [7, [0, 2.5, 5, 7.5]],
  [1234, [0, 500, 1000, 1500]],
  [60, [0, 20, 40, 60]],
])("the ticks up to %d are %j", (largest, ticks) => {
  expect(ticksUpTo(largest)).toEqual(ticks);
});

test("things that are counted have whole ticks", () => {
  expect(ticksUpTo(1, { isWhole: true })).toEqual([0, 1]);
  expect(ticksUpTo(7, { isWhole: true })).toEqual([0, 3, 6, 9]);
});
