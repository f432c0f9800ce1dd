import { openTestNode, type TestNode } from "@parley/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { getDataTask } from "../data-tasks/read-tasks.js";
import { eraseUser } from "../data-tasks/request-task.js";
import { runDataTask } from "../data-tasks/run-data-task.js";
import { setBlocked } from "../users/change-access.js";
import { keepOut } from "./keep-out.js";

const actor = { userId: "root", role: "admin" };
const TOOLS = { settleMs: 0, forget: async () => 0, exportKeptMs: 3_600_000 };

let test: TestNode;

beforeAll(async () => {
  test = await openTestNode();
});

afterAll(() => test.close());

/** A person whose erasure has been asked for. */
async function openErasure({ name, isBlocked }: { name: string; isBlocked: boolean }) {
  const userId = `person-${name}`;
  const block = (blocked: boolean) => setBlocked(test.engine, { actor, userId, blocked });
  if (isBlocked) await block(true);
  const { id: taskId } = await eraseUser(test.engine, { actor, userId, confirm: userId, reason: null });
  const go = (goesOn: () => boolean) => runDataTask(test.engine, { taskId, ...TOOLS, goesOn });
  const rows = () =>
    test.run("SELECT blocked, blocked_after FROM user_access WHERE user_id IN ($1, erased_user_key($1))", [
      userId,
    ]);
  return { userId, taskId, block, go, rows };
}

it.each([
  ["blocked-before", { isBlocked: true, meanwhile: [], after: true }],
  ["let-in-meanwhile", { isBlocked: true, meanwhile: [false], after: false }],
  ["blocked-meanwhile", { isBlocked: false, meanwhile: [true], after: true }],
  ["both-meanwhile", { isBlocked: false, meanwhile: [true, false], after: false }],
])("an erasure keeps the person out, and ends with what operators said last: %s", async (name, order) => {
  const { isBlocked, meanwhile, after } = order;
  const { userId, taskId, block, go, rows } = await openErasure({ name, isBlocked });
  // Killed before it could note that it had shut the person out, and taken up once more.
  await keepOut(test.engine, userId);
  await go(() => false);
  for (const blocked of meanwhile) {
    await block(blocked);
    expect(await rows(), "nobody comes in meanwhile").toEqual([{ blocked: true, blocked_after: blocked }]);
  }
  while ((await getDataTask(test.engine, { actor, taskId })).state === "running") await go(() => true);
  expect(await rows()).toEqual([{ blocked: after, blocked_after: null }]);
});

it("an erasure that failed for good lets an operator let the person in again", async () => {
  const { userId, taskId, block, rows } = await openErasure({ name: "failed", isBlocked: false });
  await keepOut(test.engine, userId);
  await test.run("UPDATE data_tasks SET state = 'failed' WHERE id = $1", [taskId]);
  await block(false);
  expect(await rows()).toEqual([{ blocked: false, blocked_after: null }]);
});

it("one that an older version began ends with what that had found", async () => {
  const { userId, taskId, go, rows } = await openErasure({ name: "older", isBlocked: true });
  const place = { pseudonym: "erased:0123456789abcdef", wasBlocked: true, keptOutAt: 0, step: 5 };
  await test.run("UPDATE data_tasks SET state = 'running', place = $2 WHERE id = $1", [taskId, place]);
  await test.run("UPDATE user_access SET blocked = true WHERE user_id = $1", [userId]);
  await go(() => true);
  expect(await rows()).toEqual([{ blocked: true, blocked_after: null }]);
});
