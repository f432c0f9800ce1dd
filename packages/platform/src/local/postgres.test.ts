import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePort } from "./free-port.js";
import { startPostgres } from "./postgres.js";
import { isAlive } from "./running-process.js";
import { createThrowAwayFolder } from "./throw-away-folder.js";

let dataDir: string;

beforeEach(() => {
  dataDir = createThrowAwayFolder();
});

afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

test("keeps its data from start to start, over what an interrupted run left behind", async () => {
  // A half-made data folder, as a first run that was killed leaves it.
  mkdirSync(path.join(dataDir, "cluster.new/base"), { recursive: true });
  const first = await startPostgres({ dataDir, durable: false });
  await query(first.url, "CREATE TABLE kept AS SELECT 1 AS value");
  expect(await query(first.url, "SHOW synchronous_commit")).toEqual([{ synchronous_commit: "on" }]);

  // A launcher that was killed and whose server lived on: the next start ends that server and takes over.
  const second = await startPostgres({ dataDir, durable: false });
  expect(isAlive(first.pid)).toBe(false);
  expect(await query(second.url, "SELECT value FROM kept")).toEqual([{ value: 1 }]);
  await second.stop();
  expect(isAlive(second.pid)).toBe(false);

  // A pid file whose number has come to belong to somebody else.
  writeFileSync(path.join(dataDir, "cluster/postmaster.pid"), `${process.pid}\n`);
  const third = await startPostgres({ dataDir, durable: false });
  expect(await query(third.url, "SELECT value FROM kept")).toEqual([{ value: 1 }]);
  await third.stop();
});

test("is durable unless told otherwise, and says so when its port is taken", async () => {
  const port = await freePort();
  const server = await startPostgres({ dataDir, port });
  expect(await query(server.url, "SHOW fsync")).toEqual([{ fsync: "on" }]);
  await expect(startPostgres({ dataDir: path.join(dataDir, "other"), port })).rejects.toThrow(
    `Port ${port} is taken, so Postgres can't listen on it: free it or set DATABASE_URL.`,
  );
  await server.stop();
});

async function query(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}
