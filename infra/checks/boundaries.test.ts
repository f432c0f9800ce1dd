import { resolve } from "node:path";
import { expect, test } from "vitest";
import { canaries, withCanaries } from "./boundary-canaries.mjs";
import { boundaryRules } from "./boundary-rules.mjs";
import { cruiseWorkspace } from "./cruise.mjs";

test("every rule has a canary", () => {
  const tested = new Set(canaries.map((canary) => canary.rule));
  expect([...tested].sort()).toEqual(boundaryRules.map((rule) => rule.name).sort());
});

test("a workspace that draws every allowed arrow breaks no rule", async () => {
  const result = await withCanaries([], cruiseWorkspace);
  expect(result.violations).toEqual([]);
  expect(result.blindSpots).toEqual([]);
  expect(result.crossEdgeCount).toBeGreaterThan(10);
});

test.each(canaries)("$rule reports $file: $text", async (canary) => {
  const { violations } = await withCanaries([canary], cruiseWorkspace);
  const caught = violations.filter(({ from, to }) => [from, to].includes(canary.file));
  expect(caught.map(({ rule }) => rule)).toContain(canary.rule);
});

test("a part without a line in the arrows is a blind spot", async () => {
  const stranger = { file: "packages/stranger/src/index.ts", text: "export {};" };
  const manifest = { file: "packages/stranger/package.json", text: "{}" };
  const { blindSpots } = await withCanaries([stranger, manifest], cruiseWorkspace);
  expect(blindSpots).toEqual(["packages/stranger has no line in the arrows of boundary-rules.mjs"]);
});

test("a dependency whose imports do not resolve is a blind spot", async () => {
  const silent = { file: "packages/client/src/index.ts", text: "export {};" };
  const { blindSpots } = await withCanaries([silent], cruiseWorkspace);
  expect(blindSpots).toEqual(["packages/client depends on @parley/contracts, but no import of it was seen"]);
});

test("this repository breaks no rule, and was really read", async () => {
  const result = await cruiseWorkspace(resolve(import.meta.dirname, "../.."));
  expect(result.violations).toEqual([]);
  expect(result.blindSpots).toEqual([]);
  expect(result.moduleCount).toBeGreaterThan(200);
  expect(result.crossEdgeCount).toBeGreaterThan(100);
});
