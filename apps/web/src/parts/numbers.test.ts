import { expect, test } from "vitest";
import { formatBytes, formatCount, formatMs, formatRate, formatSeconds, formatShare } from "./numbers.js";

test("large numbers are short, small ones whole", () => {
  expect([0, 999, 99_999, 100_000, 1_250_000, 3_000_000_000].map(formatCount)).toEqual([
    "0",
    "999",
    "99,999",
    "100K",
    "1.3M",
    "3B",
  ]);
  expect([0, 0.04, 2.25, 99.94, 1_234.5].map(formatRate)).toEqual(["0", "0", "2.3", "99.9", "1,235"]);
});

test("bytes have the unit that fits", () => {
  expect([0, 1023, 1024, 1_572_864, 5 * 1024 ** 5].map(formatBytes)).toEqual([
    "0 B",
    "1,023 B",
    "1 KiB",
    "1.5 MiB",
    "5,120 TiB",
  ]);
});

test("a share that is not everything is never shown as everything", () => {
  expect([0, 0.5, 0.999_99, 1].map(formatShare)).toEqual(["0 %", "50 %", "99.9 %", "100 %"]);
});

test("time spans have the unit that fits", () => {
  expect([0, 12.4, 999, 1500, 61_000].map(formatMs)).toEqual(["0 ms", "12 ms", "999 ms", "1.5 s", "61 s"]);
  expect([9.96, 119, 120, 7_199, 7_200, 172_799, 172_800].map(formatSeconds)).toEqual([
    "10 s",
    "119 s",
    "2 min",
    "119 min",
    "2 h",
    "47 h",
    "2 d",
  ]);
});
