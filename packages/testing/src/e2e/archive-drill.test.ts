import { expect, it } from "vitest";
import { runArchiveDrill } from "../bench/archive/archive-drill.js";

it("an archive run that is killed in its middle, and a second one, lose and double nothing; history and catching up never differ", async () => {
  const report = await runArchiveDrill({ rows: 12_000, chats: 6, log: () => undefined });
  expect(report.faults).toEqual([]);
  expect(report.archived).toBeGreaterThanOrEqual(12_000 - 6 * 200);
  expect(report.segmentsAtKill).toBeGreaterThan(0);
  expect(report.segments).toBeGreaterThan(report.segmentsAtKill);
  expect(report.compared.during).toBeGreaterThan(0);
  expect(report.sentMeanwhile).toBeGreaterThan(0);
});
