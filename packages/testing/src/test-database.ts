import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { migratedTemplate } from "./migrated-template.js";

/** A migrated database of its own for a test file. */
export interface TestDatabase {
  url: string;
  drop(): Promise<void>;
}

/** Makes a database on the test server (`npm test` starts one) with the newest tables in it. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const serverUrl = requiredEnv("PARLEY_TEST_DATABASE_URL");
  const name = `parley_test_${randomBytes(8).toString("hex")}`;
  await onServer(serverUrl, async (server) => {
    const template = await migratedTemplate(server, { serverUrl });
    await server.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  });
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () =>
      onServer(serverUrl, async (server) => {
        await server.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      }),
  };
}

/** The Redis of the test run. Tests share it, so each uses a prefix of its own. */
export function testRedisUrl(): string {
  return requiredEnv("PARLEY_TEST_REDIS_URL");
}

async function onServer(url: string, work: (server: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
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
