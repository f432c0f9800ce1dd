import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import {
  createTestDatabase,
  createTestStorage,
  liveWholeLife,
  openTestEngine,
  type TestDatabase,
  type TestEngine,
  type TestStorage,
  WHOLE_LIFE,
} from "@parley/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listAudit } from "../audit/list-audit.js";
import { getDataTask } from "../data-tasks/read-tasks.js";
import { eraseUser, exportUser } from "../data-tasks/request-task.js";
import { runDataTask } from "../data-tasks/run-data-task.js";
import { sweepDataTasks } from "../data-tasks/sweep-data-tasks.js";
import { sweepStorage } from "../files/sweep-storage.js";
import { closeEngine } from "../open-engine.js";
import { openExport } from "./open-export.js";
import { tarHeader } from "./tar.js";

const { userId: ID } = WHOLE_LIFE;
const admin = { userId: "root", role: "admin" };

let database: TestDatabase;
let test: TestEngine;
let storage: TestStorage;
let now = new Date();
let file: { id: string };
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "parley-export-"));
  database = await createTestDatabase();
  storage = createTestStorage();
  const files = { storage, maxBytes: 1_000_000, quotaBytes: 1_000_000 };
  test = openTestEngine(database.url, { files, clock: () => now });
  ({ file } = await liveWholeLife(test.engine));
});

afterAll(async () => {
  await closeEngine(test.engine);
  await database.drop();
  rmSync(folder, { recursive: true });
});

async function exportIt({ steps = Number.POSITIVE_INFINITY, userId = ID } = {}) {
  const { id: taskId } = await exportUser(test.engine, { actor: admin, userId });
  for (;;) {
    let left = steps;
    const goesOn = () => --left > 0;
    const forget = async () => 0;
    await runDataTask(test.engine, { taskId, goesOn, settleMs: 0, exportKeptMs: 3_600_000, forget });
    const task = await getDataTask(test.engine, { actor: admin, taskId });
    if (task.state !== "running") return task;
  }
}

/** Unpacks a tar with the machine's own program, and reads every file by its name. */
function unpack(bytes: Buffer): Map<string, string> {
  const place = mkdtempSync(path.join(folder, "tar-"));
  execFileSync("tar", ["-xf", "-", "-C", place], { input: bytes });
  const names = readdirSync(place, { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => statSync(path.join(place, name)).isFile()).sort();
  return new Map(files.map((name) => [name, readFileSync(path.join(place, name), "utf8")]));
}

async function read(taskId: string, range?: { first: number; last: number }) {
  const download = await openExport(test.engine, { actor: admin, taskId });
  const chunks: Uint8Array[] = [];
  for await (const chunk of await download.read(range)) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

const rowsOf = (files: Map<string, string>, section: string) =>
  [...files]
    .filter(([name]) => name.startsWith(`${section}/`) && name.endsWith(".ndjson"))
    .flatMap(([, lines]) => lines.trimEnd().split("\n"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("an export", () => {
  it("has everything that is the person's, and nothing that others wrote", async () => {
    const task = await exportIt();
    expect(task).toMatchObject({ state: "done", progress: 1, userId: ID });
    const files = unpack(await read(task.id));
    const everything = [...files.values()].join("");
    for (const word of WHOLE_LIFE.words) {
      // What one could push with, a group's own words as its name, and client ids are no contents of messages.
      if (word !== "ombrophil") expect(everything, word).toContain(word);
    }
    expect(everything).not.toMatch(/Yes!|mine stays|push\.example|"p256dh"|"auth"/);
    const messages = rowsOf(files, "messages");
    expect(messages.filter(({ content }) => String(content).startsWith("velleity"))).toHaveLength(416);
    expect(messages.filter(({ content }) => content === "quincunx")).toMatchObject([
      { metadata: { at: "syzygial" }, type: "text" },
    ]);
    expect(new Set(messages.map(({ id }) => id)).size).toBe(messages.length);
    expect(rowsOf(files, "reactions")).toHaveLength(180);
    expect(rowsOf(files, "profile")).toMatchObject([{ user_id: ID, name: WHOLE_LIFE.name }]);
    expect(rowsOf(files, "memberships")).toHaveLength(5);
    expect(rowsOf(files, "preferences")).toMatchObject([{ private_reading: true, locale: "ja" }]);
    expect(rowsOf(files, "subscriptions")).toMatchObject([{ push_service: "o" }]);
    expect(rowsOf(files, "notifications")).toHaveLength(2);
    expect(rowsOf(files, "audit").map(({ action, part }) => [action, part])).toContainEqual([
      "user.blocked",
      "subject",
    ]);
    expect(rowsOf(files, "files")).toMatchObject([
      { id: file.id, name: "syzygial.txt", path: `files/${file.id}` },
    ]);
    expect(files.get(`files/${file.id}`)).toBe("brontide");
    expect(task.report).toMatchObject({ rows: { messages: messages.length }, files: 1, missing_files: 0 });
  });

  it("is the same when every run is cut off, in many parts, and in ranges", async () => {
    const whole = unpack(await read((await exportIt()).id));
    const task = await exportIt({ steps: 1 });
    expect(
      [...storage.objects.keys()].filter((key) => key.startsWith(`export-${task.id}`)).length,
    ).toBeGreaterThan(9);
    const bytes = await read(task.id);
    const files = unpack(bytes);
    for (const section of ["messages", "reactions", "memberships", "notifications"])
      expect(rowsOf(files, section)).toEqual(rowsOf(whole, section));
    expect(bytes).toHaveLength(task.report?.bytes as number);
    for (const [first, last] of [
      [0, 0],
      [511, 4_096],
      [bytes.length - 2_000, bytes.length - 1],
    ] as const)
      expect((await read(task.id, { first, last })).equals(bytes.subarray(first, last + 1))).toBe(true);
  });

  it("is done anew from its last part when the worker dies in the middle of one", async () => {
    const { id: taskId } = await exportUser(test.engine, { actor: admin, userId: ID });
    storage.failing = { error: new Error("gone"), onlyPuts: true };
    const tools = { goesOn: () => true, settleMs: 0, exportKeptMs: 3_600_000, forget: async () => 0 };
    await runDataTask(test.engine, { taskId, ...tools });
    storage.failing = undefined;
    expect(await getDataTask(test.engine, { actor: admin, taskId })).toMatchObject({ state: "running" });
    await test.engine.database.pool.query(
      "UPDATE data_tasks SET lease_until = now() - interval '1 second' WHERE id = $1",
      [taskId],
    );
    await runDataTask(test.engine, { taskId, ...tools });
    expect(rowsOf(unpack(await read(taskId)), "reactions")).toHaveLength(180);
  });

  it("is whole when a worker that has lost it without knowing stores the same part once more", async () => {
    const { id: taskId } = await exportUser(test.engine, { actor: admin, userId: ID });
    const tools = { goesOn: () => true, settleMs: 0, exportKeptMs: 3_600_000, forget: async () => 0 };
    const { put } = storage;
    let goOn: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      storage.put = async (key, bytes) => {
        storage.put = put;
        const chunks: Uint8Array[] = [];
        for await (const chunk of bytes) chunks.push(chunk);
        resolve();
        await new Promise<void>((ready) => (goOn = ready));
        await put(key, Readable.from(chunks));
      };
    });
    const lost = runDataTask(test.engine, { taskId, ...tools });
    await begun;
    await test.engine.database.pool.query(
      "UPDATE data_tasks SET lease_until = now() - interval '1 second' WHERE id = $1",
      [taskId],
    );
    // What came in between makes the second worker's part another one.
    await test.engine.database.pool.query(
      "INSERT INTO audit_entries (action, actor_id, detail) SELECT 'chat.purged', $1, jsonb_build_object('n', n) FROM generate_series(1, 50) n",
      [ID],
    );
    await runDataTask(test.engine, { taskId, ...tools });
    const whole = await read(taskId);
    goOn();
    await lost;
    expect(await read(taskId)).toEqual(whole);
    expect([...unpack(whole).keys()]).toContain(`files/${file.id}`);
    const parts = [...storage.objects.keys()].filter((key) => key.startsWith(`export-${taskId}`));
    expect(parts).toHaveLength(1);
  });

  it("says in the audit log that it was asked for, and that it is finished, when it is", async () => {
    const { id: taskId } = await exportUser(test.engine, { actor: admin, userId: "elsewhere" });
    const told = async () => {
      const { entries } = await listAudit(test.engine, { actor: admin, subjectId: "elsewhere", limit: 50 });
      const own = entries.filter(({ detail }) => detail.task_id === taskId);
      return own.map(({ action, actor, reason }) => [action, actor?.id, reason]).reverse();
    };
    const asked = ["data.export_requested", "root", null];
    const tools = { goesOn: () => true, settleMs: 0, exportKeptMs: 3_600_000, forget: async () => 0 };
    storage.failing = { error: new Error("gone"), onlyPuts: true };
    for (let tries = 0; tries < 8; tries++) {
      expect(await told()).toEqual([asked]);
      await test.engine.database.pool.query("UPDATE data_tasks SET lease_until = NULL WHERE id = $1", [
        taskId,
      ]);
      await runDataTask(test.engine, { taskId, ...tools });
    }
    storage.failing = undefined;
    expect((await getDataTask(test.engine, { actor: admin, taskId })).state).toBe("failed");
    expect(await told()).toEqual([
      asked,
      ["data.export_failed", "root", expect.stringContaining("storage_unavailable")],
    ]);
  });

  it("is not told as finished when the last step of it is undone", async () => {
    const { id: taskId } = await exportUser(test.engine, { actor: admin, userId: "undone" });
    await test.engine.database.pool.query(
      `CREATE FUNCTION refuse_end() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$`,
    );
    await test.engine.database.pool.query(
      "CREATE TRIGGER refuse_end BEFORE UPDATE ON data_tasks FOR EACH ROW WHEN (NEW.state = 'done') EXECUTE FUNCTION refuse_end()",
    );
    const tools = { goesOn: () => true, settleMs: 0, exportKeptMs: 3_600_000, forget: async () => 0 };
    const actions = async () =>
      (await listAudit(test.engine, { actor: admin, subjectId: "undone", limit: 50 })).entries.map(
        ({ action }) => action,
      );
    await runDataTask(test.engine, { taskId, ...tools });
    expect(await actions()).toEqual(["data.export_requested"]);
    await test.engine.database.pool.query("DROP TRIGGER refuse_end ON data_tasks");
    await test.engine.database.pool.query("UPDATE data_tasks SET lease_until = NULL WHERE id = $1", [taskId]);
    await runDataTask(test.engine, { taskId, ...tools });
    expect(await actions()).toEqual(["data.exported", "data.export_requested"]);
  });

  it("that came to nothing leaves parts that the sweep of the storage finds, and no other", async () => {
    const task = await exportIt();
    const { id: taskId } = await exportUser(test.engine, { actor: admin, userId: "given-up" });
    const keys = [`export-${task.id}-0-00000000`, `export-${taskId}-0-00000000`, `export-${task.id}-0`];
    for (const key of keys) await storage.put(key, Readable.from([Buffer.from("x")]));
    const left = () => keys.filter((key) => storage.objects.has(key));
    await sweepStorage(test.engine, { olderThanMs: -60_000 });
    expect(left()).toEqual(keys.slice(1));
    await test.engine.database.pool.query("UPDATE data_tasks SET state = 'failed' WHERE id = $1", [taskId]);
    await sweepStorage(test.engine, { olderThanMs: -60_000 });
    expect(left()).toEqual(keys.slice(2));
    for (const key of left()) storage.objects.delete(key);
    expect((await read(task.id)).length).toBeGreaterThan(0);
  });

  it("says which files are missing in the storage", async () => {
    const object = storage.objects.get(file.id);
    storage.objects.delete(file.id);
    expect((await exportIt()).report).toMatchObject({ files: 1, missing_files: 1 });
    if (object) storage.objects.set(file.id, object);
  });

  it("expires, and its bytes go; the sweep of the storage leaves it alone until then", async () => {
    const task = await exportIt();
    await sweepStorage(test.engine, { olderThanMs: -60_000 });
    expect((await read(task.id)).length).toBeGreaterThan(0);
    const before = now;
    now = new Date(Date.now() + 3_700_000);
    await expect(read(task.id)).rejects.toMatchObject({ code: "export_not_there" });
    while ((await sweepDataTasks(test.engine)).removed > 0);
    now = before;
    expect([...storage.objects.keys()].filter((key) => key.startsWith("export-"))).toEqual([]);
    await expect(read(task.id)).rejects.toMatchObject({ code: "export_not_there" });
  });

  it("is for admins, and every download is in the audit log", async () => {
    const task = await exportIt();
    const download = (actor: { userId: string; role: string }) =>
      openExport(test.engine, { actor, taskId: task.id });
    await expect(download({ userId: ID, role: "user" })).rejects.toMatchObject({ code: "role_required" });
    await expect(download({ userId: "p", role: "system" })).rejects.toMatchObject({ code: "role_required" });
    const origin = { requestId: "request-1", address: "192.0.2.1" };
    const opened = await download({ ...admin, origin } as typeof admin);
    await text(await opened.read());
    const query = { actor: admin, action: "data.export_downloaded", limit: 1 };
    expect((await listAudit(test.engine, query)).entries).toMatchObject([
      {
        ...{ actor: { id: "root", role: "admin" }, requestId: "request-1", address: "192.0.2.1" },
        ...{ subject: { kind: "user", id: ID }, detail: { task_id: task.id } },
      },
    ]);
  });

  it("of somebody who is unknown is an empty one", async () => {
    const task = await exportIt({ userId: "nobody-at-all" });
    expect([...unpack(await read(task.id)).keys()].filter((name) => !name.startsWith("audit/"))).toEqual([]);
  });

  it("goes with the person", async () => {
    const kept = new Set(storage.objects.keys());
    const { id } = await exportIt();
    expect([...storage.objects.keys()].filter((key) => !kept.has(key))).toEqual([
      expect.stringContaining(`export-${id}-0`),
    ]);
    const { id: taskId } = await eraseUser(test.engine, {
      actor: admin,
      userId: ID,
      confirm: ID,
      reason: null,
    });
    const tools = { goesOn: () => true, settleMs: 0, exportKeptMs: 3_600_000, forget: async () => 0 };
    await runDataTask(test.engine, { taskId, ...tools });
    const { rows } = await test.engine.database.pool.query<{ id: string }>(
      "SELECT id FROM data_tasks WHERE user_id LIKE 'erased:%'",
    );
    expect(rows.map((row) => row.id)).toContain(id);
    const theirs = (key: string) => key.includes(file.id) || rows.some((row) => key.includes(row.id));
    expect([...storage.objects.keys()].filter(theirs)).toEqual([]);
  });
});

it("a tar takes no name and no size that it can't hold", () => {
  const header = (name: string, size = 1) => tarHeader({ name, size, modifiedAt: new Date(0) });
  expect(header("a/b.ndjson")).toHaveLength(512);
  expect(() => header("x".repeat(101))).toThrow();
  expect(() => header("ä")).toThrow();
  expect(() => header("a", 8 ** 11)).toThrow();
});
