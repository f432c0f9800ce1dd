import pg from "pg";

/** Time that Postgres spent in one statement, waiting for locks and the disk included; microseconds. */
export interface StatementTime {
  text: string;
  us: number;
  calls: number;
  /** Sent by a client; otherwise a part of a function, whose time is contained in that of the statement that called it. */
  outer: boolean;
}

/** Postgres counts each statement, those inside of functions too, when it was started with these. */
export const COUNT_STATEMENTS = {
  shared_preload_libraries: "pg_stat_statements",
  "pg_stat_statements.track": "all",
};

export interface StatementCounter {
  reset(): Promise<void>;
  /** The statements that took longest since `reset`, most first. */
  read(): Promise<StatementTime[]>;
  close(): Promise<void>;
}

const MOST = 18;

export async function countStatements(databaseUrl: string): Promise<StatementCounter> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query("CREATE SCHEMA IF NOT EXISTS bench");
  await client.query("CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA bench");
  return {
    reset: async () => void (await client.query("SELECT bench.pg_stat_statements_reset()")),
    read: async () => {
      const { rows } = await client.query<{ us: string; calls: string; toplevel: boolean; text: string }>(
        `SELECT round(total_exec_time * 1000) AS us, calls, toplevel,
                regexp_replace(regexp_replace(query, '--[^\\n]*', '', 'g'), '\\s+', ' ', 'g') AS text
           FROM bench.pg_stat_statements WHERE query NOT LIKE '%pg_stat_%' ORDER BY total_exec_time DESC LIMIT $1`,
        [MOST],
      );
      return rows.map(({ us, calls, toplevel, text }) => ({
        text: text.trim(),
        us: Number(us),
        calls: Number(calls),
        outer: toplevel,
      }));
    },
    close: () => client.end(),
  };
}
