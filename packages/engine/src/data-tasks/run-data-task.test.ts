import { createTestStorage, openTestNode, type TestNode, until } from "@parley/testing";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { createChat } from "../chats/create-chat.js";
import { eraseUser, exportUser } from "./request-task.js";
import { runDataTask } from "./run-data-task.js";
import { TaskLost, takeTask } from "./task-lease.js";

const ops = { userId: "ops", role: "admin" };

const storage = createTestStorage();
let node: TestNode;

beforeAll(async () => {
  node = await openTestNode({ files: { storage, maxBytes: 0, quotaBytes: 0 } });
});

afterAll(() => node.close());

afterEach(() => void vi.useRealTimers());

const ask = (userId: string) => eraseUser(node.engine, { actor: ops, userId, confirm: userId, reason: null });

async function stateOf(taskId: string) {
  const { rows } = await node.engine.database.pool.query<{
    state: string;
    until: Date;
    after: string | null;
  }>("SELECT state, lease_until AS until, place ->> 'after' AS after FROM data_tasks WHERE id = $1", [
    taskId,
  ]);
  return rows[0];
}

it("stays with who has it in hand, however long a step takes", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const { id: taskId } = await ask("ana");
  let finish: (removed: number) => void = () => undefined;
  const forget = vi.fn(() => new Promise<number>((resolve) => (finish = resolve)));
  const tools = { goesOn: () => true, settleMs: 0, exportKeptMs: 0, forget };
  const running = runDataTask(node.engine, { taskId, ...tools });
  await until(() => forget.mock.calls.length === 1, "the long step has begun");
  const before = (await stateOf(taskId))?.until.getTime() ?? 0;
  expect(before).toBeGreaterThan(0);
  await vi.advanceTimersByTimeAsync(60_000);
  await until(async () => ((await stateOf(taskId))?.until.getTime() ?? 0) > before, "it is kept for longer");
  expect(await takeTask(node.engine, taskId)).toBeUndefined();
  finish(0);
  await running;
  expect((await stateOf(taskId))?.state).toBe("done");
});

it("stays with who has it in hand while a part of an export is being stored", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const { id: taskId } = await exportUser(node.engine, { actor: ops, userId: "eva" });
  const { put } = storage;
  let store: () => void = () => undefined;
  const isStoring = new Promise<void>((begun) => {
    storage.put = async (key, bytes) => {
      begun();
      await new Promise<void>((ready) => (store = ready));
      await put(key, bytes);
    };
  });
  const tools = { goesOn: () => true, settleMs: 0, exportKeptMs: 1_000, forget: async () => 0 };
  const running = runDataTask(node.engine, { taskId, ...tools });
  await isStoring;
  const before = (await stateOf(taskId))?.until.getTime() ?? 0;
  await vi.advanceTimersByTimeAsync(60_000);
  await until(async () => ((await stateOf(taskId))?.until.getTime() ?? 0) > before, "it is kept for longer");
  storage.put = put;
  store();
  await running;
  expect((await stateOf(taskId))?.state).toBe("done");
});

it("is nobody's who came back too late, between two of their words either", async () => {
  const { id: taskId } = await ask("ida");
  const late = await takeTask(node.engine, taskId);
  await node.engine.database.pool.query("UPDATE data_tasks SET lease_until = now() WHERE id = $1", [taskId]);
  expect(await takeTask(node.engine, taskId)).toBeDefined();
  const taken = await stateOf(taskId);
  for (const word of [
    () => late?.save({ place: { after: "late" }, progress: 0.5 }),
    () => late?.plan({ after: "late" }),
    () => late?.fail(),
    () => late?.release(0),
    () => late?.finish({ state: "failed", error: "late" }),
  ])
    await expect(word()).rejects.toThrow(TaskLost);
  await late?.keep();
  expect(await stateOf(taskId)).toEqual(taken);
});

it("is not failed by who has lost it, while somebody else has it or when it is over", async () => {
  const lost = [
    "UPDATE data_tasks SET lease_until = now() + '1 hour' WHERE id = $1",
    "UPDATE data_tasks SET state = 'done' WHERE id = $1",
  ];
  const tools = { goesOn: () => true, settleMs: 0, exportKeptMs: 0 };
  for (const statement of [undefined, ...lost]) {
    const { id: taskId } = await ask("uma");
    const { pool } = node.engine.database;
    const rowOf = async () => (await pool.query("SELECT * FROM data_tasks WHERE id = $1", [taskId])).rows[0];
    let taken: { tries: number } | undefined;
    const forget = async () => {
      if (statement !== undefined) await pool.query(statement, [taskId]);
      taken = await rowOf();
      throw new Error("broken");
    };
    await runDataTask(node.engine, { taskId, ...tools, forget });
    expect(taken?.tries).toBe(0);
    if (statement === undefined) expect((await rowOf()).tries).toBe(1);
    else expect(await rowOf()).toEqual(taken);
    await pool.query("UPDATE data_tasks SET state = 'done' WHERE id = $1", [taskId]);
  }
});

it("is put down behind each chat when the time is over", async () => {
  const actor = { userId: "sam", role: "user" };
  const chatIds: string[] = [];
  for (const name of ["a", "b", "c"]) {
    const request = { type: "group" as const, name, memberIds: ["ana"] };
    chatIds.push((await createChat(node.engine, { actor, request })).id);
  }
  const { id: taskId } = await ask("sam");
  const tools = { goesOn: () => false, settleMs: 0, exportKeptMs: 0, forget: async () => 0 };
  const places: string[] = [];
  for (let place = await stateOf(taskId); place?.state !== "done"; place = await stateOf(taskId)) {
    if (place?.after) places.push(place.after);
    await runDataTask(node.engine, { taskId, ...tools });
  }
  const [first, second] = chatIds.sort();
  expect(places).toEqual([first, second, first, second]);
});
