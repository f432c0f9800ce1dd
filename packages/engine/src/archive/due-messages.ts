import type { Transaction } from "../database/transaction.js";
import type { TextRow } from "./segment-codec.js";
import { columnTexts, MESSAGE_COLUMNS } from "./segment-columns.js";

/** The newest messages of a chat stay where they are: lists, snapshots and the first page of history are read from them. */
export const NEWEST_KEPT = 200;
/** Messages of one segment: what a page of history, or a change of one old message, must unpack. */
export const SEGMENT_MESSAGES = 500;
/** Characters of one segment, so that long messages make more segments and not larger ones. */
const SEGMENT_CHARACTERS = 1_000_000;

export interface DueMessages {
  /** Numbered without a gap. */
  rows: TextRow[];
  /** Everything up to this number has been looked at; null: nothing that may go lies behind it. */
  next: number | null;
}

interface SourceRow extends Record<string, string | null | boolean> {
  seq: string;
  is_due: boolean;
}

// Old is what has not changed either. What the log of commits still names has been missed by some node, perhaps, which will read it from
// here; and so will whoever puts an undecided notification into words.
const SOURCE = `SELECT ${columnTexts(MESSAGE_COLUMNS, "m")},
    greatest(m.created_at, m.edited_at, m.deleted_at) < $2::timestamptz
    AND m.changed_xid < (SELECT coalesce((SELECT xid FROM commits ORDER BY xid LIMIT 1), pg_current_xact_id()))
    AND NOT EXISTS (SELECT FROM reactions r WHERE r.message_id = m.id AND r.created_at >= $2::timestamptz) AS is_due
  FROM (SELECT least(last_seq - ${NEWEST_KEPT}, notified_seq, coalesce((SELECT min(n.from_seq) - 1 FROM notifications n
    WHERE n.chat_id = $1::uuid AND n.state IN ('pending', 'waiting')), last_seq)) AS seq FROM chats WHERE id = $1::uuid OFFSET 0) up_to
  CROSS JOIN LATERAL (
    SELECT * FROM messages WHERE chat_id = $1::uuid AND seq > $3::int AND seq <= up_to.seq ORDER BY seq LIMIT ${SEGMENT_MESSAGES}
  ) m ORDER BY m.seq`;

/** The oldest messages of a chat that may go into one segment, of those after a number. It stays so while the chat is locked. */
export async function readDueMessages(
  transaction: Transaction,
  { chatId, before, after }: { chatId: string; before: Date; after: number },
): Promise<DueMessages> {
  const source = await transaction.$queryRawUnsafe<SourceRow[]>(SOURCE, chatId, before, after);
  const last = source.at(-1);
  if (last === undefined) return { rows: [], next: null };
  const first = source.findIndex((row) => row.is_due);
  if (first === -1) return { rows: [], next: Number(last.seq) };
  const rows = takeRun(source.slice(first));
  return { rows, next: Number(rows.at(-1)?.seq ?? last.seq) };
}

/** The rows up to the first gap, the first one that must stay, or the largest size; at least the first one. */
function takeRun(source: SourceRow[]): TextRow[] {
  const rows: TextRow[] = [];
  let characters = 0;
  for (const { is_due: isDue, ...row } of source) {
    const previous = rows.at(-1)?.seq;
    if (!isDue || (previous !== undefined && Number(row.seq) !== Number(previous) + 1)) break;
    characters += Object.values(row).reduce((sum: number, value) => sum + String(value ?? "").length, 0);
    if (rows.length > 0 && characters > SEGMENT_CHARACTERS) break;
    rows.push(row as TextRow);
  }
  return rows;
}
