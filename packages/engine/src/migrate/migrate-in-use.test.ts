import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { until } from "@parley/testing";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { applyMigrations } from "./apply-migrations.js";
import { LOCK_WAIT_MS } from "./run-patiently.js";

const server = process.env.PARLEY_TEST_DATABASE_URL ?? "";
const BY_TITLE = 'CREATE UNIQUE INDEX CONCURRENTLY "by_title" ON "chat"("title");';
let name: string;
let databaseUrl: string;
let migrationsDir: string;
/** Somebody who is at work in the database. */
let somebody: pg.Client;

beforeEach(async () => {
  name = `migrate_${randomUUID().replaceAll("-", "")}`;
  await onServer(`CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  databaseUrl = url.href;
  migrationsDir = mkdtempSync(path.join(os.tmpdir(), "parley-migrations-"));
  addMigration("0001_init", "CREATE TABLE chat (id integer PRIMARY KEY, title text);");
  await applyMigrations({ databaseUrl, migrationsDir });
  somebody = new pg.Client(databaseUrl);
  somebody.on("error", () => undefined);
  await somebody.connect();
});

afterEach(async () => {
  await somebody.end();
  rmSync(migrationsDir, { recursive: true, force: true });
  await onServer(`DROP DATABASE ${name} WITH (FORCE)`);
});

describe("an index that is built concurrently", () => {
  it("keeps nobody from writing, not even while it waits for somebody", async () => {
    addMigration("0002_by_title", `-- Found by title; read often.\n${BY_TITLE}`);
    await somebody.query("BEGIN; INSERT INTO chat VALUES (1, 'a')");
    const migrating = applyMigrations({ databaseUrl, migrationsDir });
    await waiting("CREATE UNIQUE INDEX%");
    await query("SET lock_timeout = '10s'; INSERT INTO chat VALUES (2, 'b')");
    await somebody.query("COMMIT");
    expect(await migrating).toEqual(["0002_by_title"]);
    expect(await indexes()).toEqual(["by_title valid", "chat_pkey valid"]);
  });

  it("takes as long as it takes, whatever the server allows statements", async () => {
    await query(`ALTER DATABASE ${name} SET statement_timeout = '4s'`);
    addMigration("0002_by_title", BY_TITLE);
    await somebody.query("BEGIN; INSERT INTO chat VALUES (1, 'a')");
    const migrating = applyMigrations({ databaseUrl, migrationsDir });
    migrating.catch(() => undefined);
    const pid = await waiting("CREATE UNIQUE INDEX%");
    await until(async () => {
      const [found] = await query(
        `SELECT FROM pg_stat_activity WHERE pid = ${pid} AND clock_timestamp() < query_start + interval '4500 ms'`,
      );
      return found === undefined;
    }, "others would have been cancelled");
    await somebody.query("COMMIT");
    expect(await migrating).toEqual(["0002_by_title"]);
  });

  it("is finished by one of two that start at once", async () => {
    addMigration("0002_by_title", BY_TITLE);
    await somebody.query("BEGIN; INSERT INTO chat VALUES (1, 'a')");
    const migrating = [1, 2].map(() => applyMigrations({ databaseUrl, migrationsDir }));
    await waiting("CREATE UNIQUE INDEX%");
    await somebody.query("COMMIT");
    expect((await Promise.all(migrating)).flat()).toEqual(["0002_by_title"]);
  });

  it("leaves nothing behind when it fails, and can be built once what was in the way is gone", async () => {
    await query("INSERT INTO chat VALUES (1, 'a'), (2, 'a')");
    addMigration("0002_by_title", BY_TITLE);
    await expect(applyMigrations({ databaseUrl, migrationsDir })).rejects.toThrow(
      /^Migration 0002_by_title failed and was undone \(could not create unique index/,
    );
    expect(await indexes()).toEqual(["chat_pkey valid"]);
    await query("DELETE FROM chat WHERE id = 2");
    expect(await applyMigrations({ databaseUrl, migrationsDir })).toEqual(["0002_by_title"]);
  });

  it("is built anew when its connection broke in the middle", async () => {
    addMigration("0002_by_title", BY_TITLE);
    await somebody.query("BEGIN; INSERT INTO chat VALUES (1, 'a')");
    const failed = applyMigrations({ databaseUrl, migrationsDir }).catch((error: Error) => error.message);
    const pid = await waiting("CREATE UNIQUE INDEX%");
    await query(`SELECT pg_terminate_backend(${pid})`);
    expect(await failed).toMatch(/^Migration 0002_by_title failed/);
    await somebody.query("COMMIT");
    expect(await indexes()).toEqual(["by_title half built", "chat_pkey valid"]);
    expect(await applyMigrations({ databaseUrl, migrationsDir })).toEqual(["0002_by_title"]);
    expect(await indexes()).toEqual(["by_title valid", "chat_pkey valid"]);
  });

  it("is taken as it is when the server finishes what a killed process has begun", async () => {
    addMigration("0002_by_title", BY_TITLE);
    await somebody.query("BEGIN; INSERT INTO chat VALUES (1, 'a')");
    const begun = query(BY_TITLE);
    await waiting("CREATE UNIQUE INDEX%");
    const [before] = await query("SELECT 'by_title'::regclass::oid");
    const migrating = applyMigrations({ databaseUrl, migrationsDir });
    await until(async () => {
      const found = await query(`SELECT FROM pg_stat_activity WHERE datname = current_database()
        AND application_name = 'parley-migrate' AND query LIKE '%pg_stat_progress_create_index%'`);
      return found.length > 0;
    }, "the second build is looking at the first");
    await somebody.query("COMMIT");
    await begun;
    expect(await migrating).toEqual(["0002_by_title"]);
    expect(await query("SELECT 'by_title'::regclass::oid")).toEqual([before]);
  });

  it.each([
    { left: "half built", valid: false },
    { left: "whole", valid: true },
  ])("is taken up again when the process was killed and left it $left", async ({ valid }) => {
    addMigration("0002_by_title", BY_TITLE);
    await applyMigrations({ databaseUrl, migrationsDir });
    await query(`UPDATE pg_index SET indisvalid = ${valid} WHERE indexrelid = 'by_title'::regclass;
      UPDATE _prisma_migrations SET finished_at = NULL, applied_steps_count = 0 WHERE migration_name = '0002_by_title'`);
    expect(await applyMigrations({ databaseUrl, migrationsDir })).toEqual(["0002_by_title"]);
    expect(await indexes()).toEqual(["by_title valid", "chat_pkey valid"]);
    expect(await applyMigrations({ databaseUrl, migrationsDir })).toEqual([]);
  });
});

describe("a migration that needs a table for itself", () => {
  beforeEach(() => addMigration("0002_topic", "ALTER TABLE chat ADD COLUMN topic text;"));

  it("lets the others go first while somebody holds the table, and comes back", async () => {
    await somebody.query("BEGIN; SELECT FROM chat");
    const migrating = applyMigrations({ databaseUrl, migrationsDir });
    await waiting("ALTER TABLE%");
    // Behind the migration, which is behind somebody.
    await query("SET statement_timeout = '20s'; SELECT FROM chat");
    await somebody.query("ROLLBACK");
    expect(await migrating).toEqual(["0002_topic"]);
  });

  it("comes back when it was given up for the sake of somebody who waits for it in a circle", async () => {
    addMigration("0003_circle", "ALTER TABLE chat ADD COLUMN a text; ALTER TABLE topic ADD COLUMN a text;");
    await query("CREATE TABLE topic (id integer)");
    // Somebody who would wait for longer than the migration, so that it is the one that gives way.
    await somebody.query("SET deadlock_timeout = '1min'; BEGIN; SELECT FROM topic");
    const migrating = applyMigrations({ databaseUrl, migrationsDir });
    await waiting("ALTER TABLE topic%");
    await somebody.query("SELECT FROM chat; COMMIT");
    expect(await migrating).toEqual(["0002_topic", "0003_circle"]);
    await until(async () => {
      const found = await query(
        "SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()",
      );
      return found[0]?.deadlocks === 1;
    }, "Postgres has counted the circle");
  });

  it("names the migration when its patience is over, and changes nothing", async () => {
    await somebody.query("BEGIN; SELECT FROM chat");
    await expect(applyMigrations({ databaseUrl, migrationsDir, lockPatienceMs: 0 })).rejects.toThrow(
      /^Migration 0002_topic did not get the lock that it needs \(canceling statement due to lock timeout\)/,
    );
    await somebody.query("ROLLBACK");
    expect(await applyMigrations({ databaseUrl, migrationsDir })).toEqual(["0002_topic"]);
  });

  it("waits long enough for an autovacuum to give way", async () => {
    const found = await query("SELECT setting::int AS ms FROM pg_settings WHERE name = 'deadlock_timeout'");
    expect(LOCK_WAIT_MS).toBeGreaterThan(Number(found[0]?.ms));
  });
});

function addMigration(migration: string, sql: string): void {
  mkdirSync(path.join(migrationsDir, migration), { recursive: true });
  writeFileSync(path.join(migrationsDir, migration, "migration.sql"), sql);
}

/** The process id of the connection whose statement waits for a lock, as soon as there is one. */
function waiting(statement: string): Promise<number> {
  return until(async () => {
    const found = await query(`SELECT pid FROM pg_stat_activity WHERE datname = current_database()
      AND wait_event_type = 'Lock' AND query ~~* '%${statement}'`);
    return Number(found[0]?.pid ?? 0);
  }, `${statement} waits`);
}

async function indexes(): Promise<unknown[]> {
  const found =
    await query(`SELECT c.relname || CASE WHEN i.indisvalid THEN ' valid' ELSE ' half built' END AS is
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = 'chat'::regclass ORDER BY 1`);
  return found.map(({ is }) => is);
}

/** The rows of the last statement. */
async function query(statements: string, url = databaseUrl): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const results: unknown = await client.query(statements);
    const last = [results].flat().at(-1) as pg.QueryResult;
    return last.rows;
  } finally {
    await client.end();
  }
}

const onServer = (statement: string) => query(statement, server);
