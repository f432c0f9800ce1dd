import { afterEach, expect, it, vi } from "vitest";
import { foldText, foldWithPlaces } from "./fold-text.js";
import { matchesText } from "./match-text.js";
import { parseSearchQuery } from "./search-query.js";
import { TextWork } from "./text-work.js";

afterEach(() => vi.restoreAllMocks());

it("folds no more marks on one letter than any script has, which would take time with the square of their number", () => {
  const marks = "\u05b0\u0591".repeat(2_000);
  expect(foldText(`a${marks.slice(0, 20)} b`)).toHaveLength(23);
  expect(foldText(`a${marks} b`)).toBe(foldText(`a${marks.slice(0, 30)} b`));
  expect(foldText(`a${marks.slice(0, 30)}\u200d${marks} b`)).toBe(foldText(`a${marks} b`));
  expect(foldWithPlaces(`a${marks} b`).text).toBe(foldText(`a${marks} b`));
});

it("takes no text apart into many times of what was written", () => {
  const sentences = "\ufdfa".repeat(5_000);
  expect(foldText("\ufdfa").length).toBeGreaterThan(15);
  expect(foldText(sentences).length).toBeLessThanOrEqual(20_000);
  expect(foldWithPlaces(sentences).text.length).toBeLessThan(20_050);
});

it("looks once at a long word in whose middle a term stands again and again", () => {
  const query = parseSearchQuery("-aaa -аа 字a xb");
  const content = `xb 字 x${"a".repeat(4_000)} ж${"а".repeat(900)}`;
  const looks = vi.spyOn(String.prototype, "indexOf");
  expect(matchesText(content, query)).toBe(false);
  expect(matchesText(`${content} 字a`, query)).toBe(true);
  expect(looks.mock.calls.length).toBeGreaterThan(3);
  expect(looks.mock.calls.length).toBeLessThan(40);
});

it("lets others have their turn between texts that take long", async () => {
  const work = new TextWork();
  const order: string[] = [];
  const busy = (name: string) => () => {
    for (const end = performance.now() + 11; performance.now() < end; );
    order.push(name);
  };
  setImmediate(() => order.push("other"));
  for (const name of ["first", "second"]) await work.run(busy(name));
  expect(order).toEqual(["first", "other", "second"]);
  expect(work.totalMs).toBeGreaterThanOrEqual(22);
});
