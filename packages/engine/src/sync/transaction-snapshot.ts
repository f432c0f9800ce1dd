/** Sees no transaction at all: everything is news to it. The text of a `pg_snapshot`, as all here: `xmin:xmax:open,open`. */
export const BEFORE_ALL = "1:1:";

/** Open transactions that a cursor names. A server has about as many as it has connections that write. */
const LONGEST = 40;

/**
 * The same snapshot, or an earlier one when very many transactions are open: cursors travel in addresses. What an earlier snapshot does
 * not see is told again, and never left out.
 */
export function shortenSnapshot(snapshot: string): string {
  const [xmin, , open = ""] = snapshot.split(":");
  const named = open.split(",");
  const end = named[LONGEST];
  return end === undefined ? snapshot : `${xmin}:${end}:${named.slice(0, LONGEST).join(",")}`;
}

const SNAPSHOT = /^[1-9]\d{0,18}:[1-9]\d{0,18}:(\d{1,19}(,\d{1,19})*)?$/;

/** Whether Postgres would take the text: open transactions in their order, none outside the bounds. */
export function isSnapshot(text: string): boolean {
  if (!SNAPSHOT.test(text)) return false;
  const [xmin = "", xmax = "", open = ""] = text.split(":");
  if (open === "") return BigInt(xmin) <= BigInt(xmax);
  const order = [...open.split(","), xmax].map(BigInt);
  return order.every((xid, index) => (index === 0 ? xid >= BigInt(xmin) : xid > (order[index - 1] ?? xid)));
}

/** False for a snapshot of another database, whose transactions go beyond those that this one has begun. */
export function isFromThePast(snapshot: string, now: string): boolean {
  const end = (text: string) => BigInt(text.split(":")[1] ?? "0");
  return end(snapshot) <= end(now);
}
