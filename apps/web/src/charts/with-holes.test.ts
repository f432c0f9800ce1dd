import { expect, test } from "vitest";
import { withHoles } from "./with-holes.js";

const at = (second: number) => new Date(second * 1000).toISOString();
const holes = (...seconds: number[]) =>
  withHoles(
    seconds.map((second) => ({ at: at(second) })),
    10,
  ).filter(({ point }) => point === null);

test("a time of which nothing is known is a hole, and a late report is none", () => {
  expect(holes()).toEqual([]);
  expect(holes(0, 10, 24)).toEqual([]);
  expect(holes(0, 10, 60, 70)).toEqual([{ at: at(20), point: null }]);
});
