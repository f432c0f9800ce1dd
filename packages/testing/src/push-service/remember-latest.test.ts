import { expect, it } from "vitest";
import { rememberLatest } from "./remember-latest.js";

it("asks once, asks again what threw, and forgets beyond its limit", () => {
  const asked: string[] = [];
  const find = rememberLatest(2, (question) => {
    asked.push(question);
    if (question === "bad") throw new Error("no answer");
    return question.toUpperCase();
  });
  expect([find("a"), find("a"), find("b"), find("a"), find("b")]).toEqual(["A", "A", "B", "A", "B"]);
  expect(() => find("bad")).toThrow("no answer");
  expect(() => find("bad")).toThrow("no answer");
  expect(asked.splice(0)).toEqual(["a", "b", "bad", "bad"]);
  expect([find("c"), find("a"), find("c")]).toEqual(["C", "A", "C"]);
  expect(asked).toEqual(["c", "a"]);
});
