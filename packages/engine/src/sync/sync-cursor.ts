import { isSnapshot } from "./transaction-snapshot.js";

/**
 * Where a client's catch-up stands. `from`: everything that this snapshot (the text of a `pg_snapshot`) sees has been told.
 * While a catch-up goes on in pages: `until` is the snapshot of its first page, from which the next one continues, and
 * `chat` / `rev` are the last thing told. `full` marks the pages of a snapshot.
 */
export interface SyncCursor {
  /** The history that the transaction ids belong to (`database-identity.ts`); another one counts its own, or counts them anew. */
  database: string;
  from: string;
  page?: { until: string; chat: string; rev: number; full: boolean };
}

const DATABASE = /^\d{1,20}(\.\d{1,10}){2}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const LARGEST_REV = 2_147_483_647;

/** Cursors are opaque to clients; the version lets a later form be told from this one. */
export function encodeSyncCursor(cursor: SyncCursor): string {
  const { database, from, page } = cursor;
  const place = page ? [page.until, page.chat, page.rev, page.full ? "f" : "d"] : [];
  return Buffer.from(["2", database, from, ...place].join(" ")).toString("base64url");
}

/** Null when the text is no cursor of ours: the client gets a snapshot then. */
export function decodeSyncCursor(text: string): SyncCursor | null {
  const parts = Buffer.from(text, "base64url").toString("utf8").split(" ");
  const [version, database = "", from = "", until = "", chat = "", rev = "", kind] = parts;
  if (version !== "2" || !DATABASE.test(database) || !isSnapshot(from)) return null;
  if (parts.length === 3) return { database, from };
  const wellFormed =
    parts.length === 7 &&
    isSnapshot(until) &&
    UUID.test(chat) &&
    /^\d{1,10}$/.test(rev) &&
    Number(rev) <= LARGEST_REV &&
    (kind === "f" || kind === "d");
  return wellFormed ? { database, from, page: { until, chat, rev: Number(rev), full: kind === "f" } } : null;
}
