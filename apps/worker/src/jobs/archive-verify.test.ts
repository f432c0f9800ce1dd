import { archiveChat } from "@parley/engine";
import { createMetrics } from "@parley/platform";
import { createOldChat, createTestStorage, openTestNode, type TestNode } from "@parley/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createAuditMetrics } from "../audit-metrics.js";
import { archiveVerify } from "./archive-verify.js";
import type { JobContext } from "./job.js";

const storage = createTestStorage();
let test: TestNode;

beforeAll(async () => {
  const files = { storage, maxBytes: 0, quotaBytes: 0 };
  test = await openTestNode({ files, archiveStore: "files" });
});

afterAll(() => test.close());

it("counts what it looked at, and logs and counts what is missing", async () => {
  const chatId = await createOldChat(test.engine, { count: 1_300 });
  await archiveChat(test.engine, { chatId, before: new Date("2025-01-01") });
  const { registry, ...rest } = createMetrics({ node: "worker-1", process: "worker" });
  const errors: unknown[] = [];
  const log = {
    info: () => undefined,
    warn: () => undefined,
    error: (line: unknown) => void errors.push(line),
  };
  const audit = createAuditMetrics({ registry, ...rest });
  const context = { engine: test.engine, log, audit } as unknown as JobContext;
  const lines = async () =>
    (await registry.metrics()).split("\n").filter((line) => line.startsWith("parley_int"));
  expect((await lines()).filter((line) => line.includes("segment_"))).toHaveLength(2);
  storage.objects.delete([...storage.objects.keys()][0] ?? "");
  await archiveVerify(context, { limit: 100 });
  expect(errors).toMatchObject([{ chatId, rule: "segment_missing" }]);
  const said = (await lines()).join("\n");
  expect(said).toMatch(/segments_checked_total\{[^}]*\} [23]\b/);
  expect(said).toMatch(/rule="segment_missing"[^}]*\} 1/);
  expect(said).toMatch(/rule="segment_spoilt"[^}]*\} 0/);
});
