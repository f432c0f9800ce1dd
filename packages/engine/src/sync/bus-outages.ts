import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";

const REPORT = {
  name: "report-bus-outage",
  text: `INSERT INTO bus_outages (node, until) VALUES ($1, clock_timestamp() + $2::int * interval '1 ms')
    ON CONFLICT (node) DO UPDATE SET until = excluded.until`,
};

const READ = {
  name: "read-bus-outages",
  text: "SELECT EXISTS (SELECT 1 FROM bus_outages WHERE until > clock_timestamp() AND node <> $1) AS known",
};

const PRUNE = "DELETE FROM bus_outages WHERE until < clock_timestamp() - interval '1 day'";

/** Tells the other nodes, through Postgres, that for the next `forMs` this node's news may not reach them over the bus. */
export async function reportBusOutage(
  engine: Engine,
  outage: { node: string; forMs: number },
): Promise<void> {
  const values = [outage.node, outage.forMs];
  await guardDatabase(() => engine.database.pool.query({ ...REPORT, values }));
}

/** Whether another node has said so of itself. One look at a table that is nearly always empty. */
export async function hasBusOutage(engine: Engine, input: { exceptNode: string }): Promise<boolean> {
  const values = [input.exceptNode];
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<{ known: boolean }>({ ...READ, values }),
  );
  return rows[0]?.known ?? false;
}

/** Forgets nodes that have been well, or gone, for a day. */
export async function pruneBusOutages(engine: Engine): Promise<void> {
  await guardDatabase(() => engine.database.pool.query(PRUNE));
}
