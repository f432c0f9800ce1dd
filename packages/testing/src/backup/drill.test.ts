import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { runDrill } from "./drill.js";

it("a database that was lost comes back as it was at a moment, and clients who know more begin anew", {
  timeout: 400_000,
}, async () => {
  const told: string[] = [];
  const root = fileURLToPath(new URL("../../../..", import.meta.url));
  const result = await runDrill({ root, messages: 1_000, write: (line) => told.push(line) });
  const log = told.join("\n");
  expect(result.restored, log).toBe(result.wanted);
  expect(result.readBack, log).toBe(result.dumped);
  // A run without anything in it would be right, too.
  expect(result.wanted).toMatch(
    /^3 chats, [1-9]\d* members, [1-9]\d* reactions, [1-9]\d* segments [0-9a-f]{32}, \d{4} messages /,
  );
  expect(result.dumped).not.toBe(result.restored);
  for (const report of result.reports) {
    expect(report).toMatchObject({ faults: [], spoiltSegments: [], chats: 3 });
    expect(report.segments).toBeGreaterThan(0);
    expect(report.rows.messages).toBeGreaterThan(1_000);
  }
  expect(result.resets).toEqual({ before: true, after: true, later: true });
  expect(result.nodesThatNoticed).toBe(2);
  expect(result.shown).toEqual(result.stored);
  expect(result.shown.length).toBeGreaterThanOrEqual(20);
  expect(result.shown.filter((text) => text.startsWith("to be lost"))).toEqual([]);
});
