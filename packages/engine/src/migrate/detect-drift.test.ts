import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { createTestDatabase, type TestDatabase } from "@parley/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { detectDrift } from "./detect-drift.js";

const PRISMA = fileURLToPath(new URL("../../../../prisma", import.meta.url));
const migrationsDir = path.join(PRISMA, "migrations");

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => {
  await database?.drop();
});

it("the migrations make exactly what the schema describes", async () => {
  const schemaFile = path.join(PRISMA, "schema.prisma");
  expect(await detectDrift({ databaseUrl: database.url, migrationsDir, schemaFile })).toBe("");
});

it("a column that no migration makes is found", async () => {
  const schema = await readFile(path.join(PRISMA, "schema.prisma"), "utf8");
  const folder = await mkdtemp(path.join(os.tmpdir(), "parley-drift-"));
  const schemaFile = path.join(folder, "schema.prisma");
  await writeFile(schemaFile, schema.replace("model User {", "model User {\n  shoeSize Int?"));
  expect(await detectDrift({ databaseUrl: database.url, migrationsDir, schemaFile })).toContain("shoeSize");
});
