import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { breachesOf } from "./migration-rules.mjs";

const MIGRATIONS = path.resolve(import.meta.dirname, "../../prisma/migrations");
const migrations = readdirSync(MIGRATIONS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const sqlOf = (name: string) => readFileSync(path.join(MIGRATIONS, name, "migration.sql"), "utf8");

/** Older than the rules, and applied by whoever has followed the project since. */
const OLDER = ["0004_notifications", "0005_campaigns"];

describe("a migration", () => {
  it.each(migrations.filter((name) => !OLDER.includes(name)))("%s holds nobody up", (name) => {
    expect(breachesOf(sqlOf(name))).toEqual([]);
  });

  it.each(OLDER)("%s, which is excused, would", (name) => {
    expect(breachesOf(sqlOf(name))).not.toEqual([]);
  });

  it.each([
    'CREATE INDEX "chats_name_idx" ON "chats"("name")',
    "create unique index concurrently chats_name_idx on chats (name); SELECT 1",
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS chats_name_idx ON chats (name)",
    "CREATE INDEX CONCURRENTLY ON chats (name)",
    'CREATE TABLE "new" (id int); CREATE INDEX ON "new"(id); CREATE INDEX ON chats (name)',
    'ALTER TABLE "chats" ADD CONSTRAINT "named" CHECK (name IS NOT NULL)',
    "ALTER TABLE chats ADD UNIQUE (name)",
    'ALTER TABLE "chats" ADD COLUMN "key" TEXT UNIQUE',
    "ALTER TABLE chats ADD COLUMN key uuid DEFAULT gen_random_uuid()",
    "ALTER TABLE chats ADD COLUMN place BIGSERIAL",
    'ALTER TABLE "chats" ALTER COLUMN "name" SET DATA TYPE VARCHAR(9)',
    "ALTER TABLE ONLY chats ALTER COLUMN name SET NOT NULL",
    "UPDATE chats SET name = ''",
    "WITH old AS (SELECT id FROM chats) UPDATE chats SET name = '' FROM old WHERE chats.id = old.id",
    "WITH gone AS (DELETE FROM chats RETURNING id) SELECT count(*) FROM gone",
    "MERGE INTO chats USING news ON news.id = chats.id WHEN MATCHED THEN DELETE",
    "ALTER TABLE chats ADD COLUMN a int CHECK (a > 0)",
    "ALTER TABLE chats ADD CONSTRAINT named CHECK (name IS NOT NULL) NOT VALID; ALTER TABLE chats VALIDATE CONSTRAINT named",
    "ALTER TABLE chats ADD CONSTRAINT named CHECK (name IS NOT NULL) NOT VALID, VALIDATE CONSTRAINT named",
    "SET LOCAL lock_timeout = 0; ALTER TABLE chats ADD COLUMN a int",
    "SELECT set_config('lock_timeout', '0', true)",
    "COMMIT; ALTER TABLE chats ADD COLUMN a int",
    "LOCK TABLE chats",
    "REINDEX TABLE chats",
    "DO $$ BEGIN CREATE INDEX chats_name_idx ON chats (name); END $$",
    "-- it's a comment; with an apostrophe\nCREATE INDEX ON chats (name)",
  ])("must not say: %s", (sql) => {
    expect(breachesOf(sql)).toHaveLength(1);
  });

  it.each([
    '-- By name.\nCREATE INDEX CONCURRENTLY "chats_name_idx" ON "chats"("name");',
    'CREATE TABLE "new" ("id" UUID NOT NULL); CREATE UNIQUE INDEX "new_id_key" ON "new"("id"); ALTER TABLE "new" ADD CONSTRAINT "x" FOREIGN KEY ("id") REFERENCES "chats"("id");',
    "ALTER TABLE chats ADD COLUMN open boolean NOT NULL DEFAULT false, ADD COLUMN at timestamptz DEFAULT now()",
    "ALTER TABLE chats ADD CONSTRAINT named CHECK (name IS NOT NULL) NOT VALID",
    'ALTER TABLE ONLY "chats" VALIDATE CONSTRAINT "named"',
    "WITH held AS (SELECT id FROM chats FOR UPDATE) INSERT INTO news SELECT id FROM held",
    "ALTER TABLE chats ADD CONSTRAINT one UNIQUE USING INDEX chats_name_idx",
    "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql SET lock_timeout = '2s' AS $$ BEGIN UPDATE chats SET name = ''; END $$",
    "ALTER TYPE state ADD VALUE 'lost; CREATE INDEX ON chats (name)'",
  ])("may say: %s", (sql) => {
    expect(breachesOf(sql)).toEqual([]);
  });
});
