import { Client } from "pg";
import { until } from "./until.js";

/** Waits until the user directory has these people's names: it learns them beside the calls, and another node may ask before. */
export async function untilNamed(databaseUrl: string, userIds: readonly string[]): Promise<void> {
  const database = new Client({ connectionString: databaseUrl });
  await database.connect();
  try {
    const named = "SELECT FROM users WHERE id = ANY ($1) AND name IS NOT NULL";
    await until(
      async () => (await database.query(named, [userIds])).rowCount === userIds.length,
      `the directory knows the names of ${userIds.join(", ")}`,
    );
  } finally {
    await database.end();
  }
}
