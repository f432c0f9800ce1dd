import { expect, test } from "vitest";
import { toLocalHours } from "./local-hours.js";

const sunday23 = Array.from({ length: 7 }, (_, day) =>
  Array.from({ length: 24 }, (_, hour) => (day === 6 && hour === 23 ? 5 : 0)),
);

const placeOf = (grid: number[][]) =>
  grid.flatMap((row, day) => row.flatMap((value, hour) => (value > 0 ? [[day, hour, value]] : [])));

test("hours of the week move with the zone, over the end of the week", () => {
  expect(placeOf(toLocalHours(sunday23, 0))).toEqual([[6, 23, 5]]);
  expect(placeOf(toLocalHours(sunday23, 120))).toEqual([[0, 1, 5]]);
  expect(placeOf(toLocalHours(sunday23, -300))).toEqual([[6, 18, 5]]);
  expect(placeOf(toLocalHours(sunday23, 330))).toEqual([[0, 5, 5]]);
});
