import { Client } from "pg";

/** What people write, directly or not; not who they are, which is noted whenever somebody asks. The worker notes its own way in chats. */
const TABLES = ["chats", "members", "messages", "reactions", "notification_settings", "user_settings"];

export interface StoredRows {
  /** Rows of each table, and a digest of all that stands in them. */
  digest(): Promise<Record<string, string>>;
  countMessages(): Promise<number>;
  close(): Promise<void>;
}

/** Looks at what a cluster has stored. */
export async function openStoredRows(databaseUrl: string): Promise<StoredRows> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const ask = async (query: string) => (await client.query<Record<string, string>>(query)).rows[0] ?? {};
  return {
    digest: async () => {
      const columns = TABLES.map(
        (table) =>
          `(SELECT count(*) || ' rows, ' || coalesce(md5(string_agg(said, '' ORDER BY said)), '') FROM ${table} one, LATERAL (SELECT (to_jsonb(one) - 'notified_seq')::text AS said) made) AS ${table}`,
      );
      return ask(`SELECT ${columns.join(", ")}`);
    },
    countMessages: async () => Number((await ask("SELECT count(*) AS messages FROM messages")).messages),
    close: () => client.end(),
  };
}
