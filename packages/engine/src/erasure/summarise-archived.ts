import type { TextRow } from "../archive/segment-codec.js";

/** As many people as a summary names. */
const NAMED_PEOPLE = 20;

/** An archived message whose summary of reactions names the person no more; the same row where it does not name them. */
export function summariseArchived(
  row: TextRow,
  { reactions, userId }: { reactions: readonly TextRow[]; userId: string },
): TextRow {
  const summary = row.reactions ?? null;
  if (summary === null || !namesPerson(summary, userId)) return row;
  const own = reactions.filter((reaction) => reaction.message_id === row.id).sort(byTime);
  const emojis = [...new Set(own.map(({ emoji }) => emoji))];
  const again = emojis.map((emoji) => {
    const people = own.filter((reaction) => reaction.emoji === emoji).map((reaction) => reaction.user_id);
    return { emoji, count: people.length, userIds: people.slice(0, NAMED_PEOPLE) };
  });
  return { ...row, reactions: again.length === 0 ? null : JSON.stringify(again) };
}

function namesPerson(summary: string, userId: string): boolean {
  const parsed: unknown = JSON.parse(summary);
  return (
    Array.isArray(parsed) &&
    parsed.some(({ userIds }: { userIds?: unknown }) => Array.isArray(userIds) && userIds.includes(userId))
  );
}

function byTime(one: TextRow, other: TextRow): number {
  const key = (row: TextRow) => `${row.created_at} ${row.user_id}`;
  return key(one) < key(other) ? -1 : 1;
}
