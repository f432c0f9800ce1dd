import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";

export interface UserAccess {
  userId: string;
  /** Milliseconds since 1970; null when nothing was revoked. */
  revokedBeforeMs: number | null;
  blocked: boolean;
  /** Milliseconds since 1970 until when the user writes nothing; null, or past, when they may. */
  mutedUntilMs: number | null;
}

const READ = {
  name: "read-access",
  text: `SELECT user_id AS "userId", (extract(epoch FROM revoked_before) * 1000)::float8 AS "revokedBeforeMs", blocked,
      (extract(epoch FROM muted_until) * 1000)::float8 AS "mutedUntilMs"
    FROM user_access WHERE changed_xid >= $1::xid8`,
};

/** Whose access has changed since (from "0": everyone's), and from where to read on. Nothing that commits late is left out. */
export async function readAccess(
  engine: Engine,
  since: string,
): Promise<{ changed: UserAccess[]; next: string }> {
  const { pool } = engine.database;
  const end = await guardDatabase(() =>
    pool.query<{ next: string }>("SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS next"),
  );
  const { rows } = await guardDatabase(() => pool.query<UserAccess>({ ...READ, values: [since] }));
  return { changed: rows, next: end.rows[0]?.next ?? since };
}
