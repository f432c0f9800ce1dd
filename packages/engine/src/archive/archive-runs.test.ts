import { randomUUID } from "node:crypto";
import { createOldChat, openTestNode, readRawRows, type TestNode, until } from "@parley/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { archiveChat } from "./archive-chat.js";
import {
  type ArchiveRunInHand,
  beginArchiveRun,
  endArchiveRun,
  keepArchiveRun,
  listArchiveRuns,
  SIGN_OF_LIFE_MS,
  takeArchiveRun,
} from "./archive-runs.js";
import { archiveStats, chatArchive } from "./archive-stats.js";
import { NEWEST_KEPT, SEGMENT_MESSAGES } from "./due-messages.js";
import { type ArchiveRequest, requestArchiveRun } from "./request-archive-run.js";
import { type RunArchiveInput, runArchive } from "./run-archive.js";
import { setRetention } from "./set-retention.js";

const alice = { userId: "alice", role: "user" };
const operator = { userId: "root", role: "admin" };
const OLD = SEGMENT_MESSAGES + 10;
const policy = { archiveAfterDays: { order: 0, direct: 0, group: 30 }, purgeAfterDays: 0 };

let test: TestNode;
let now = new Date("2025-07-01");
const asked: string[] = [];

beforeAll(async () => {
  test = await openTestNode({ clock: () => now, enqueue: (job) => void asked.push(job) });
});

afterAll(() => test.close());

beforeEach(async () => {
  for (const table of ["chats", "archived_messages", "archive_runs"])
    await test.engine.database.pool.query(`DELETE FROM ${table}`);
  asked.length = 0;
});

const newChat = () => createOldChat(test.engine, { count: NEWEST_KEPT + OLD });
const ask = (request: ArchiveRequest, actor = operator) => requestArchiveRun(test.engine, { actor, request });
const storedIn = async (chatId: string) => (await readRawRows(test.engine, chatId)).length;
const runs = () => listArchiveRuns(test.engine, 20);

/** Carries out what waits. */
async function carryOut(input: Partial<RunArchiveInput> = {}) {
  const run = await takeArchiveRun(test.engine);
  if (run === undefined) return undefined;
  return runArchive(test.engine, { run, policy, afterSegment: async () => true, ...input });
}

describe("what an operator asks for", () => {
  it("is archived, brought back and deleted, and each run says what it did", async () => {
    const chatId = await newChat();
    const rows = await readRawRows(test.engine, chatId);
    await ask({ kind: "archive", chatId });
    expect(asked).toEqual(["archive.asked"]);
    const moved = await carryOut();
    expect(moved).toMatchObject({ messages: OLD, segments: 2, state: "done" });
    expect(await storedIn(chatId)).toBe(NEWEST_KEPT);
    await ask({ kind: "restore", chatId });
    await carryOut();
    expect(await readRawRows(test.engine, chatId)).toEqual(rows);
    await ask({ kind: "archive", chatId, before: new Date("2024-01-01T00:05:00Z") });
    const some = (await carryOut())?.messages ?? 0;
    expect(await storedIn(chatId)).toBe(NEWEST_KEPT + OLD - some);
    expect(some).toBeGreaterThan(0);
    await ask({ kind: "archive", chatId });
    expect((await carryOut())?.messages).toBe(OLD - some);
    await ask({ kind: "purge", chatId });
    await carryOut();
    const { segments, purgedSeq } = await chatArchive(test.engine, { actor: operator, chatId });
    expect([segments, purgedSeq]).toEqual([0, OLD]);
    expect(await carryOut()).toBeUndefined();
    const listed = await runs();
    expect(listed.map(({ kind, state, chats }) => [kind, state, chats])).toEqual([
      ["purge", "done", 1],
      ["archive", "done", 1],
      ["archive", "done", 1],
      ["restore", "done", 1],
      ["archive", "done", 1],
    ]);
    expect(listed[4]).toMatchObject({
      requestedBy: "root",
      chatId,
      messages: OLD,
      rawBytes: moved?.rawBytes,
      storedBytes: moved?.storedBytes,
    });
    expect(listed[0]?.purged).toBe(purgedSeq);
  });

  it("is for operators, of chats that there are, and not of one that is held", async () => {
    const chatId = await newChat();
    await expect(ask({ kind: "archive", chatId }, alice)).rejects.toMatchObject({ code: "role_required" });
    await expect(ask({ kind: "archive", chatId: randomUUID() })).rejects.toMatchObject({
      code: "chat_not_found",
    });
    await setRetention(test.engine, { actor: operator, chatId, change: { legalHold: true } });
    for (const kind of ["archive", "purge"] as const)
      await expect(ask({ kind, chatId })).rejects.toMatchObject({ code: "chat_held" });
    expect(await runs()).toEqual([]);
  });

  it("is not done when the chat is held meanwhile", async () => {
    const chatId = await newChat();
    await ask({ kind: "archive", chatId });
    await setRetention(test.engine, { actor: operator, chatId, change: { legalHold: true } });
    expect(await carryOut()).toMatchObject({ state: "failed", messages: 0 });
    expect(await storedIn(chatId)).toBe(NEWEST_KEPT + OLD);
    expect((await runs())[0]).toMatchObject({ state: "failed", error: "The chat is on legal hold" });
  });

  it("is asked for once while it waits", async () => {
    const one = await ask({ kind: "requested" });
    expect((await ask({ kind: "requested" })).id).toBe(one.id);
    expect(await runs()).toHaveLength(1);
  });

  it("waits when it is interrupted, and its counts go on", async () => {
    const chatId = await newChat();
    await ask({ kind: "archive", chatId });
    expect(await carryOut({ afterSegment: async () => false })).toMatchObject({ state: "waiting" });
    expect((await runs())[0]).toMatchObject({ state: "waiting", messages: SEGMENT_MESSAGES });
    await carryOut();
    expect(await runs()).toMatchObject([{ state: "done", messages: OLD }]);
  });

  it("is taken up again when its process was killed, and not while it lives", async () => {
    const chatId = await newChat();
    await ask({ kind: "archive", chatId });
    const run = await takeArchiveRun(test.engine);
    expect(await takeArchiveRun(test.engine)).toBeUndefined();
    const later = (seconds: number) => new Date(now.getTime() + seconds * 1_000);
    now = later(60);
    expect(run && (await keepArchiveRun(test.engine, run))).toBe(true);
    now = later(60);
    expect(await takeArchiveRun(test.engine)).toBeUndefined();
    expect((await runs())[0]?.state).toBe("running");
    now = later(60);
    expect((await runs())[0]?.state).toBe("interrupted");
    expect((await carryOut())?.messages).toBe(OLD);
  });

  it("goes on for one single chat and for all chats at a time, however many were asked for", async () => {
    const chatIds = [await newChat(), await newChat()];
    for (const chatId of chatIds) await ask({ kind: "archive", chatId });
    await ask({ kind: "requested" });
    const taken = [await takeArchiveRun(test.engine), await takeArchiveRun(test.engine)];
    expect(taken.map((run) => run?.chatId)).toEqual([chatIds[0], null]);
    expect(await takeArchiveRun(test.engine)).toBeUndefined();
    const [run] = taken;
    if (run) await runArchive(test.engine, { run, policy, afterSegment: async () => true });
    expect((await takeArchiveRun(test.engine))?.chatId).toBe(chatIds[1]);
  });
});

describe("a run that somebody else has taken up", () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  /** Lets the run of a chat be silent for too long after its first segment, and be taken up; then `behave` says what becomes of it. */
  async function lose(behave: (chatId: string) => Promise<boolean>) {
    const chatId = await newChat();
    await ask({ kind: "archive", chatId });
    let taken: ArchiveRunInHand | undefined;
    const afterSegment = async () => {
      if (taken !== undefined) return true;
      now = new Date(now.getTime() + 120_000);
      taken = await takeArchiveRun(test.engine);
      return behave(chatId);
    };
    const ran = await carryOut({ afterSegment });
    if (taken === undefined) throw new Error("nobody could take it up");
    return { ran, taken };
  }

  it("is not ended by who lost it, and what they moved is counted", async () => {
    for (const goesOn of [true, false]) {
      const { ran, taken } = await lose(async () => goesOn);
      expect(ran).toMatchObject({ state: "interrupted", messages: goesOn ? OLD : SEGMENT_MESSAGES });
      const { id, state, finishedAt, messages } = (await runs())[0] ?? {};
      expect([id, state, finishedAt, messages]).toEqual([taken.id, "running", null, ran?.messages]);
      await runArchive(test.engine, { run: taken, policy, afterSegment: async () => true });
      expect((await runs())[0]).toMatchObject({ state: "done", messages: OLD });
    }
  });

  it("is not failed by who lost it, nor kept by them", async () => {
    const { ran, taken } = await lose(() => Promise.reject(new Error("broken")));
    expect(ran).toMatchObject({ state: "interrupted" });
    expect((await runs())[0]).toMatchObject({ id: taken.id, state: "running", error: null });
    expect(await keepArchiveRun(test.engine, { ...taken, holder: randomUUID() })).toBe(false);
    now = new Date(now.getTime() + 120_000);
    expect((await takeArchiveRun(test.engine))?.id).toBe(taken.id);
  });

  it("is left by who lost it with the next segment", async () => {
    const warn = vi.spyOn(test.engine.log, "warn");
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const { ran, taken } = await lose(async () => {
      await vi.advanceTimersByTimeAsync(SIGN_OF_LIFE_MS);
      await until(() => warn.mock.calls.length > 0, "it is noticed");
      return true;
    });
    expect(warn.mock.calls).toEqual([
      [{ runId: taken.id }, "Somebody else goes on with a run of the archive"],
    ]);
    expect(ran).toMatchObject({ state: "interrupted", messages: SEGMENT_MESSAGES, segments: 1 });
  });
});

describe("two at the same time", () => {
  /** Does something while somebody else's change of the runs is not committed yet; then it is. */
  async function meanwhile<Result>(statement: string, values: unknown[], act: () => Promise<Result>) {
    const client = await test.engine.database.pool.connect();
    await client.query("BEGIN");
    await client.query(statement, values);
    let isOver = false;
    const acting = act().finally(() => (isOver = true));
    const WAITING = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'archive_runs'::regclass";
    await until(async () => isOver || (await test.run(WAITING)).length > 0, "it waits, or is over");
    await client.query("COMMIT");
    client.release();
    return acting;
  }

  it("workers take no two runs of single chats", async () => {
    const one = await ask({ kind: "archive", chatId: await newChat() });
    await ask({ kind: "archive", chatId: await newChat() });
    const taken = "UPDATE archive_runs SET state = 'running', seen_at = $2 WHERE id = $1";
    expect(await meanwhile(taken, [one.id, now], () => takeArchiveRun(test.engine))).toBeUndefined();
    expect((await runs()).map(({ state }) => state).sort()).toEqual(["running", "waiting"]);
  });

  it("operators who ask for the same get one run", async () => {
    const id = randomUUID();
    const asks =
      "INSERT INTO archive_runs (id, kind, state, created_at) VALUES ($1, 'requested', 'waiting', now())";
    expect((await meanwhile(asks, [id], () => ask({ kind: "requested" }))).id).toBe(id);
    expect(await runs()).toHaveLength(1);
  });
});

it("goes on with a run of all chats that was interrupted, though one of them had failed", async () => {
  const chatIds = [await newChat(), await newChat(), await newChat()].sort();
  await test.run(`CREATE FUNCTION fail_one() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.chat_id = '${chatIds[0]}' THEN RAISE EXCEPTION 'broken'; END IF; RETURN NEW; END $$`);
  await test.run(
    "CREATE TRIGGER fail_one BEFORE INSERT ON archive_segments FOR EACH ROW EXECUTE FUNCTION fail_one()",
  );
  await ask({ kind: "requested" });
  expect(await carryOut({ afterSegment: async () => false })).toMatchObject({
    state: "waiting",
    failures: 1,
  });
  expect(await carryOut()).toMatchObject({ state: "failed", failures: 1 });
  await test.run("DROP TRIGGER fail_one ON archive_segments");
  expect(await Promise.all(chatIds.map(storedIn))).toEqual([NEWEST_KEPT + OLD, NEWEST_KEPT, NEWEST_KEPT]);
});

it("keeps of runs by the clock that found nothing only the last, and says how many chats are left", async () => {
  const byTheClock = async (afterSegment = async () => true) =>
    runArchive(test.engine, { run: await beginArchiveRun(test.engine), policy, afterSegment });
  await byTheClock();
  await byTheClock();
  expect(await runs()).toHaveLength(1);
  await Promise.all([newChat(), newChat(), newChat()]);
  expect(await byTheClock(async () => false)).toMatchObject({ state: "interrupted" });
  expect((await runs())[0]).toMatchObject({ state: "interrupted", chatsLeft: 3, chats: 1 });
  await byTheClock();
  expect((await runs())[0]).toMatchObject({ state: "done", chatsLeft: 0, chats: 3, kind: "scheduled" });
  await byTheClock();
  expect((await runs()).map(({ messages }) => messages > 0)).toEqual([false, true, true]);
});

it("forgets old runs, and none that still waits or goes on, however many were asked for", async () => {
  const insert = `INSERT INTO archive_runs (id, kind, chat_id, state, seen_at, created_at)
    SELECT overlay(gen_random_uuid()::text PLACING $1 FROM 1)::uuid, 'archive', gen_random_uuid(), $2, now(), now() FROM generate_series(1, $3::int)`;
  for (const [place, state, count] of [
    ["00", "failed", 600],
    ["01", "running", 1],
    ["02", "waiting", 600],
  ])
    await test.run(insert, [place, state, count]);
  const run = await beginArchiveRun(test.engine);
  await endArchiveRun(test.engine, { run, end: { state: "done", messages: 1 } });
  const counts = await test.run<{ state: string; count: number }>(
    "SELECT state, count(*)::int FROM archive_runs GROUP BY state ORDER BY state",
  );
  expect(counts.map(({ state, count }) => [state, count])).toEqual([
    ["done", 1],
    ["failed", 499],
    ["running", 1],
    ["waiting", 600],
  ]);
});

it("keeps its sums with the segments", async () => {
  const chats = [await newChat(), await newChat()];
  for (const chatId of chats) await ask({ kind: "archive", chatId });
  for (const _ of chats) await carryOut();
  const each = await Promise.all(
    chats.map((chatId) => chatArchive(test.engine, { actor: operator, chatId })),
  );
  const sum = (name: "segments" | "messages" | "rawBytes" | "storedBytes") =>
    each.reduce((total, archive) => total + archive[name], 0);
  const sums = () => ({
    segments: sum("segments"),
    messages: sum("messages"),
    rawBytes: sum("rawBytes"),
    storedBytes: sum("storedBytes"),
  });
  expect(sums().messages).toBe(2 * OLD);
  expect(await archiveStats(test.engine)).toEqual(sums());
  await test.engine.database.pool.query("DELETE FROM chats WHERE id = $1", [chats[0]]);
  each.shift();
  expect(await archiveStats(test.engine)).toEqual(sums());
});

it("makes no archive wait for the sums of another one", async () => {
  const shardOf = (chatId: string) => Number.parseInt(chatId.at(-1) ?? "", 16);
  const one = await newChat();
  const before = new Date("2025-01-01");
  await archiveChat(test.engine, { chatId: one, before });
  const client = await test.engine.database.pool.connect();
  await client.query("BEGIN");
  await client.query("DELETE FROM archive_segments WHERE chat_id = $1", [one]);
  expect(await archiveChat(test.engine, { chatId: await newChat(), before })).toMatchObject({
    ended: "done",
  });
  // As at its commit, until that is on the disk.
  await client.query("SET CONSTRAINTS ALL IMMEDIATE");
  let other = await newChat();
  while (shardOf(other) === shardOf(one)) other = await newChat();
  expect(await archiveChat(test.engine, { chatId: other, before })).toMatchObject({ ended: "done" });
  await client.query("ROLLBACK");
  client.release();
  expect(await archiveStats(test.engine)).toMatchObject({ messages: 3 * OLD });
});
