import { expect, it } from "vitest";
import { integerIdOf, isIntegerId, readIntegerId } from "./integer-ids.js";

it("leaves integers as they are, and gives everybody else a negative number of their own", () => {
  expect(integerIdOf("42")).toBe(42);
  const others = ["ann", "Ann", "042", "0", "-1", "1.5", "9007199254740993", "", "用户"].map(integerIdOf);
  expect(others.every((id) => Number.isSafeInteger(id) && id < 0)).toBe(true);
  expect(new Set(others).size).toBe(others.length);
  expect(integerIdOf("ann")).toBe(-1294219152446645);
});

it("knows an integer id by its one spelling", () => {
  expect(["1", "42", "9007199254740991"].filter(isIntegerId)).toHaveLength(3);
  expect(
    ["0", "01", "-1", "1e3", " 1", "9007199254740992", "99999999999999999999"].filter(isIntegerId),
  ).toEqual([]);
});

it("reads what clients send", () => {
  expect([7, "7"].map(readIntegerId)).toEqual([7, 7]);
  for (const value of [0, -1, 1.5, Number.NaN, "x", "", null, undefined, [7], { id: 7 }, true]) {
    expect(readIntegerId(value)).toBeUndefined();
  }
});
