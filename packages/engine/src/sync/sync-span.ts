import { Prisma } from "../generated/prisma/client.js";

/** What a page of a catch-up tells: from one snapshot of the database to another, and from where on in between. */
export interface Span {
  database: string;
  from: string;
  until: string;
  full: boolean;
  after: { chat: string; rev: number } | null;
}

/** True of a row whose last change is not in the snapshot. The plain comparison answers for nearly every row. */
export function isNew(
  column: "c.changed_xid" | "m.changed_xid" | "m.own_xid" | "m.joined_xid" | "mine.joined_xid",
  snapshot: string,
) {
  const xid = Prisma.raw(column);
  return Prisma.sql`(${xid} >= pg_snapshot_xmin(${snapshot}::pg_snapshot)
    AND NOT pg_visible_in_snapshot(${xid}, ${snapshot}::pg_snapshot))`;
}
