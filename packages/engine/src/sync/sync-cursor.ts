/**
 * Where a client's catch-up stands. `from`: everything that committed before the snapshot of this transaction id has been told.
 * While a catch-up goes on in pages: `until` is the snapshot of its first page, from which the next one continues, and
 * `chat` / `rev` are the last thing told. `full` marks the pages of a snapshot.
 */
export interface SyncCursor {
  from: string;
  page?: { until: string; chat: string; rev: number; full: boolean };
}

/** Cursors are opaque to clients; the version lets a later form be told from this one. */
export function encodeSyncCursor(cursor: SyncCursor): string {
  const { from, page } = cursor;
  const parts = page ? ["1", from, page.until, page.chat, page.rev, page.full ? "f" : "d"] : ["1", from];
  return Buffer.from(parts.join(" ")).toString("base64url");
}

/** Null when the text is no cursor of ours: the client gets a snapshot then. */
export function decodeSyncCursor(text: string): SyncCursor | null {
  const parts = Buffer.from(text, "base64url").toString("utf8").split(" ");
  const [version, from, until, chat, rev, kind] = parts;
  if (version !== "1" || from === undefined || !/^\d{1,19}$/.test(from)) return null;
  if (parts.length === 2) return { from };
  const wellFormed =
    parts.length === 6 &&
    /^\d{1,19}$/.test(until ?? "") &&
    /^[0-9a-f-]{36}$/.test(chat ?? "") &&
    /^\d{1,10}$/.test(rev ?? "") &&
    (kind === "f" || kind === "d");
  if (!wellFormed || until === undefined || chat === undefined) return null;
  return { from, page: { until, chat, rev: Number(rev), full: kind === "f" } };
}
