import { Client } from "pg";

/**
 * What contracts with integers call the chats or messages, by id. Read from the database, because the native contract does not say it
 * and the others say nothing else.
 */
export async function readNumbers(
  databaseUrl: string,
  table: "chats" | "messages",
): Promise<Map<string, number>> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string; number: string }>(`SELECT id, number FROM ${table}`);
    return new Map(rows.map(({ id, number }) => [id, Number(number)]));
  } finally {
    await client.end();
  }
}
