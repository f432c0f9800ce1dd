import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { applyMigrations } from "./apply-migrations.js";
import { detectDrift } from "./detect-drift.js";

const server = process.env.PARLEY_TEST_DATABASE_URL ?? "";
let name: string;
let databaseUrl: string;
let migrationsDir: string;

beforeEach(async () => {
  name = `migrate_${randomUUID().replaceAll("-", "")}`;
  await query(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  databaseUrl = url.href;
  migrationsDir = mkdtempSync(path.join(os.tmpdir(), "parley-migrations-"));
  addMigration(
    "0001_init",
    `-- made; by hand
    CREATE TABLE chat (id integer PRIMARY KEY, title text NOT NULL DEFAULT 'a;b');
    CREATE FUNCTION one() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END; $$;`,
  );
});

afterEach(async () => {
  rmSync(migrationsDir, { recursive: true, force: true });
  await query(server, `DROP DATABASE ${name} WITH (FORCE)`);
});

test("applies what is new, keeps semicolons inside functions and texts, and says what it did", async () => {
  const lines: string[] = [];
  expect(await applyMigrations({ databaseUrl, migrationsDir, log: (line) => lines.push(line) })).toEqual([
    "0001_init",
  ]);
  expect(lines).toEqual(["applied migration 0001_init"]);
  await query(databaseUrl, "INSERT INTO chat (id) VALUES (one())");
  expect(await query(databaseUrl, "SELECT title FROM chat")).toEqual([{ title: "a;b" }]);
});

test("a second run does nothing, and a migration added later is applied alone", async () => {
  await applyMigrations({ databaseUrl, migrationsDir });
  expect(await applyMigrations({ databaseUrl, migrationsDir })).toEqual([]);
  addMigration("0002_more", "ALTER TABLE chat ADD COLUMN topic text;");
  expect(await applyMigrations({ databaseUrl, migrationsDir })).toEqual(["0002_more"]);
});

test("three at once apply each migration once", async () => {
  addMigration("0002_slow", "SELECT pg_sleep(0.3); CREATE TABLE message (id integer);");
  const applied = await Promise.all([1, 2, 3].map(() => applyMigrations({ databaseUrl, migrationsDir })));
  expect(applied.flat().sort()).toEqual(["0001_init", "0002_slow"]);
  expect(await query(databaseUrl, "SELECT count(*)::int AS count FROM _prisma_migrations")).toEqual([
    { count: 2 },
  ]);
});

test("a broken migration is named, leaves nothing behind, and can be corrected", async () => {
  addMigration("0002_broken", "CREATE TABLE half (id integer); INSERT INTO nowhere VALUES (1);");
  await expect(applyMigrations({ databaseUrl, migrationsDir })).rejects.toThrow(
    'Migration 0002_broken failed and was undone (relation "nowhere" does not exist): correct its SQL and start again.',
  );
  expect(await query(databaseUrl, "SELECT to_regclass('half') AS half")).toEqual([{ half: null }]);
  addMigration("0002_broken", "CREATE TABLE half (id integer);");
  expect(await applyMigrations({ databaseUrl, migrationsDir })).toEqual(["0002_broken"]);
});

test("a run that was killed in the middle of a migration is reported, not guessed at", async () => {
  await applyMigrations({ databaseUrl, migrationsDir });
  await query(databaseUrl, "UPDATE _prisma_migrations SET finished_at = NULL, applied_steps_count = 0");
  await expect(applyMigrations({ databaseUrl, migrationsDir })).rejects.toThrow(
    /cut off during migration 0001_init.*--rolled-back 0001_init/,
  );
});

test("the tables can live in another schema", async () => {
  await applyMigrations({ databaseUrl, migrationsDir, schema: "parley" });
  expect(
    await query(
      databaseUrl,
      "SELECT to_regclass('parley.chat')::text AS chat, to_regclass('public.chat') AS none",
    ),
  ).toEqual([{ chat: "parley.chat", none: null }]);
  expect(await applyMigrations({ databaseUrl, migrationsDir, schema: "parley" })).toEqual([]);
});

test("unreachable, unknown and unlikely targets each give one clear sentence", async () => {
  const dead = "postgresql://nobody:secret@127.0.0.1:1/none";
  const unreachable = await applyMigrations({ databaseUrl: dead, migrationsDir }).catch(
    (error: Error) => error.message,
  );
  expect(unreachable).toMatch(
    /^The database at 127\.0\.0\.1:1 can't be reached \(.*ECONNREFUSED.*\): start the database or correct DATABASE_URL\.$/,
  );
  expect(unreachable).not.toContain("secret");
  await expect(applyMigrations({ databaseUrl: `${databaseUrl}_x`, migrationsDir })).rejects.toThrow(
    /has no such database/,
  );
  await expect(applyMigrations({ databaseUrl, migrationsDir, schema: "a b; --" })).rejects.toThrow(
    /is no name for a schema/,
  );
  await expect(applyMigrations({ databaseUrl, migrationsDir: "/nowhere" })).rejects.toThrow(
    /no migrations at \/nowhere/,
  );
});

test("drift between the schema file and the migrations shows as the missing SQL", async () => {
  rmSync(path.join(migrationsDir, "0001_init"), { recursive: true });
  addMigration(
    "0001_init",
    "CREATE TABLE chat (id integer NOT NULL, CONSTRAINT chat_pkey PRIMARY KEY (id));",
  );
  writeFileSync(path.join(migrationsDir, "migration_lock.toml"), 'provider = "postgresql"\n');
  const schemaFile = path.join(migrationsDir, "schema.prisma");
  const schema = (columns: string) =>
    `datasource db {\n  provider = "postgresql"\n}\nmodel chat {\n  id Int @id\n${columns}}\n`;
  writeFileSync(schemaFile, schema(""));
  expect(await detectDrift({ databaseUrl, migrationsDir, schemaFile })).toBe("");
  writeFileSync(schemaFile, schema("  title String\n"));
  expect(await detectDrift({ databaseUrl, migrationsDir, schemaFile })).toMatch(
    /ALTER TABLE "chat" ADD COLUMN\s+"title" TEXT NOT NULL/,
  );
});

function addMigration(migration: string, sql: string): void {
  mkdirSync(path.join(migrationsDir, migration), { recursive: true });
  writeFileSync(path.join(migrationsDir, migration, "migration.sql"), sql);
}

async function query(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}
