import type { Engine } from "../engine.js";
import { guardDatabase } from "./database-failure.js";

/**
 * SQL that names the history that transaction ids and revisions belong to: the server, its timeline and the database. A server that was restored to an earlier
 * moment, or a replica that was promoted, goes on under the same server's name with ids that were used before, but on another timeline.
 */
export const DATABASE_IDENTITY = `(SELECT system_identifier FROM pg_control_system())
  || '.' || ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int
  || '.' || (SELECT oid FROM pg_database WHERE datname = current_database())`;

const READ = { name: "database-identity", text: `SELECT ${DATABASE_IDENTITY} AS identity` };

/** Which history the database goes on with; another answer than before means that what is remembered of it may never have been. Throws database_unavailable. */
export async function readDatabaseIdentity(engine: Engine): Promise<string> {
  const { rows } = await guardDatabase(() => engine.database.writerPool.query<{ identity: string }>(READ));
  return rows[0]?.identity ?? "";
}
