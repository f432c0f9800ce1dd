import { type Actor, ParleyError } from "@parley/contracts";
import type { Engine } from "../engine.js";
import { readByIndex } from "../oversight/read-by-index.js";

export interface AuditEntry {
  id: number;
  at: Date;
  actor: { id: string; role: string } | null;
  action: string;
  subject: { kind: string; id: string } | null;
  outcome: "done" | "refused";
  reason: string | null;
  requestId: string | null;
  address: string | null;
  detail: Record<string, unknown>;
}

export interface AuditQuery {
  actor: Actor;
  actorId?: string | undefined;
  action?: string | undefined;
  subjectId?: string | undefined;
  /** Included; `to` is not. */
  from?: Date | undefined;
  to?: Date | undefined;
  cursor?: string | undefined;
  limit: number;
}

interface Row {
  id: number;
  at: Date;
  actor_id: string | null;
  actor_role: string | null;
  action: string;
  subject_kind: string | null;
  subject_id: string | null;
  person_id: string | null;
  outcome: "done" | "refused";
  reason: string | null;
  request_id: string | null;
  address: string | null;
  detail: Record<string, unknown>;
  fits: boolean;
}

/** Entries that one call looks at, where a second filter may leave little of them. */
const LOOKED_AT = 2_000;

/**
 * A page of the audit log, the newest first. One filter finds its entries by an index; what further filters leave out of those still counts as
 * looked at, so a page may be short and yet go on. Refuses: role_required, invalid_input (a cursor that is none).
 */
export async function listAudit(
  engine: Engine,
  query: AuditQuery,
): Promise<{ entries: AuditEntry[]; nextCursor: string | null }> {
  if (query.actor.role !== "admin") throw new ParleyError("role_required");
  const { limit } = query;
  const place = readCursor(query.cursor);
  const to = new Date(Math.min(place?.at ?? FAR, query.to?.getTime() ?? FAR));
  const values = [
    query.from ?? new Date(0),
    to,
    place?.id ?? 0,
    place === undefined || to.getTime() < place.at ? null : new Date(place.at),
    query.actorId ?? null,
    query.action ?? null,
    query.subjectId ?? null,
  ];
  const filters = [query.actorId, query.action, query.subjectId].filter((one) => one !== undefined);
  const lookedAt = filters.length > 1 ? LOOKED_AT : limit + 1;
  const text = statement(indexFor(query), lookedAt);
  const rows = await readByIndex<Row>(engine, { text, values });
  const fitting = rows.filter(({ fits }) => fits);
  const told = fitting.slice(0, limit);
  const last = fitting.length > limit ? told.at(-1) : rows.length < lookedAt ? undefined : rows.at(-1);
  return {
    entries: told.map(entryOf),
    nextCursor: last === undefined ? null : `${last.at.getTime()}-${last.id}`,
  };
}

const FAR = Date.parse("9999-01-01T00:00:00Z");

type Filter = "actor_id" | "action" | "subject_id";

/** The rarest comes first. */
function indexFor(query: AuditQuery): Filter | undefined {
  if (query.subjectId !== undefined) return "subject_id";
  if (query.actorId !== undefined) return "actor_id";
  return query.action === undefined ? undefined : "action";
}

const PLACES: Record<Filter, string> = { actor_id: "$5", action: "$6", subject_id: "$7" };

function statement(filter: Filter | undefined, lookedAt: number): string {
  const only = filter === undefined ? "true" : `${filter} = ${PLACES[filter]}::text`;
  const order = filter === undefined ? "at DESC, id DESC" : `${filter} DESC, at DESC, id DESC`;
  // The cursor's own millisecond may hold more entries.
  return `SELECT e.*, ($5::text IS NULL OR actor_id = $5) IS TRUE AND ($6::text IS NULL OR action = $6) IS TRUE
      AND ($7::text IS NULL OR subject_id = $7) IS TRUE AS fits
    FROM (SELECT * FROM audit_entries WHERE ${only} AND at >= $1::timestamptz AND at <= $2::timestamptz
      AND (at < $2::timestamptz OR (at = $4::timestamptz AND id < $3::bigint)) ORDER BY ${order} LIMIT ${lookedAt}) e`;
}

function readCursor(cursor: string | undefined): { at: number; id: number } | undefined {
  if (cursor === undefined) return undefined;
  const [, at, id] = /^(\d{1,15})-(\d{1,15})$/.exec(cursor) ?? [];
  if (at !== undefined && id !== undefined) return { at: Number(at), id: Number(id) };
  const errors = [{ path: "cursor", message: "must be the next_cursor of an earlier page" }];
  throw new ParleyError("invalid_input", { errors });
}

function entryOf(row: Row): AuditEntry {
  const { id, at, action, outcome, reason, address } = row;
  return {
    id,
    at,
    actor: row.actor_id === null ? null : { id: row.actor_id, role: row.actor_role ?? "" },
    action,
    subject: row.subject_id === null ? null : { kind: row.subject_kind ?? "", id: row.subject_id },
    outcome,
    reason,
    requestId: row.request_id,
    address,
    detail: row.person_id === null ? row.detail : { ...row.detail, user_id: row.person_id },
  };
}
