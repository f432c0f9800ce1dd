import { listArchiveRuns, requestArchiveRun } from "@parley/engine";
import { createMetrics } from "@parley/platform";
import { createOldChat, openTestNode, readRawRows, type TestNode, until } from "@parley/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createArchiveMetrics } from "../archive-metrics.js";
import { archiveAsked } from "./archive-asked.js";
import type { JobContext } from "./job.js";

const actor = { userId: "root", role: "admin" };
const asked: string[] = [];

let test: TestNode;

beforeAll(async () => {
  test = await openTestNode({ enqueue: (job) => void asked.push(job) });
});

afterAll(() => test.close());

function contextOf(stopping = new AbortController()): JobContext {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const metrics = createArchiveMetrics(createMetrics({ node: "worker-1", process: "worker" }));
  const policy = { archiveAfterDays: { order: 0, direct: 0, group: 0 }, purgeAfterDays: 0 };
  const archive = { policy, everyMs: 60_000, messagesPerSecond: 1_000_000, metrics, stopping };
  return { engine: test.engine, log, archive } as unknown as JobContext;
}

async function askFor(count: number) {
  const chatId = await createOldChat(test.engine, { count });
  const { id } = await requestArchiveRun(test.engine, { actor, request: { kind: "archive", chatId } });
  const state = async () => (await listArchiveRuns(test.engine, 50)).find((run) => run.id === id)?.state;
  return { chatId, state };
}

it("does not leave an ask because somebody holds the chat of the one before it", async () => {
  const [held, free] = [await askFor(210), await askFor(210)];
  const client = await test.engine.database.pool.connect();
  await client.query("BEGIN");
  await client.query("SELECT FROM chats WHERE id = $1 FOR UPDATE", [held.chatId]);
  await archiveAsked(contextOf(), {});
  await client.query("ROLLBACK");
  client.release();
  expect([await held.state(), await free.state()]).toEqual(["waiting", "done"]);
  await archiveAsked(contextOf(), {});
  expect(await held.state()).toBe("done");
});

it("asks others to go on when it has to stop", async () => {
  const { chatId, state } = await askFor(1_250);
  const next = await askFor(210);
  asked.length = 0;
  const stopping = new AbortController();
  const context = contextOf(stopping);
  // The first segment is followed by a pause of minutes.
  context.archive.messagesPerSecond = 1;
  const job = archiveAsked(context, {});
  const stored = async () => (await readRawRows(test.engine, chatId)).length;
  await until(async () => (await stored()) === 750, "the first segment is archived");
  stopping.abort();
  await job;
  expect([await state(), await next.state(), asked]).toEqual(["waiting", "waiting", ["archive.asked"]]);
  asked.length = 0;
  await archiveAsked(contextOf(), {});
  expect([await state(), await next.state(), asked]).toEqual(["done", "done", []]);
});
