import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { applyMigrations } from "@parley/engine";
import { Client } from "pg";

/** A migrated database of its own for a test file. */
export interface TestDatabase {
  url: string;
  drop(): Promise<void>;
}

const MIGRATIONS = fileURLToPath(new URL("../../../prisma/migrations", import.meta.url));

/** Makes a database on the test server (`npm test` starts one) and migrates it. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const serverUrl = requiredEnv("PARLEY_TEST_DATABASE_URL");
  const name = `parley_test_${randomBytes(8).toString("hex")}`;
  await onServer(serverUrl, `CREATE DATABASE ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await applyMigrations({ databaseUrl: url.href, migrationsDir: MIGRATIONS, log: () => undefined });
  return {
    url: url.href,
    drop: () => onServer(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/** The Redis of the test run. Tests share it, so each uses a prefix of its own. */
export function testRedisUrl(): string {
  return requiredEnv("PARLEY_TEST_REDIS_URL");
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function requiredEnv(name: string): string {
  const value = process.env[name];
  if (!value)
    throw new Error(`${name} is not set: run the tests with npm test, which starts what they need.`);
  return value;
}
