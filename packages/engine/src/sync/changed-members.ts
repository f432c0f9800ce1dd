import type { Transaction } from "../database/transaction.js";
import { isNew, type Span } from "./sync-span.js";

export interface MemberRow {
  chat_id: string;
  user_id: string;
  role: string;
  joined_at: Date;
  left_at: Date | null;
  read_seq: number;
  delivered_seq: number;
}

/** Above this size a chat tells of the reader and of who came and went, not of everybody's position. */
const NAMED_MEMBERS = 50;

/** Members of the chats who came, went, read or received since, and chats that the user is out of. */
export async function changedMembers(
  transaction: Transaction,
  input: { ids: string[]; span: Span; userId: string },
): Promise<MemberRow[]> {
  const { ids, span, userId } = input;
  // Somebody who is new to the chat knows none of its members yet.
  return transaction.$queryRaw<MemberRow[]>`
    SELECT m.chat_id, m.user_id, m.role, m.joined_at, m.left_at,
      CASE WHEN m.user_id = ${userId} THEN m.read_seq ELSE coalesce(m.shown_read_seq, m.read_seq) END AS read_seq,
      CASE WHEN m.user_id = ${userId} THEN greatest(m.read_seq, m.delivered_seq) ELSE m.delivered_seq END
        AS delivered_seq
    FROM unnest(${ids}::uuid[]) AS told(id)
    CROSS JOIN LATERAL (SELECT id, member_count FROM chats WHERE id = told.id OFFSET 0) c
    CROSS JOIN LATERAL (SELECT joined_xid FROM members WHERE chat_id = told.id AND user_id = ${userId} OFFSET 0) mine
    CROSS JOIN LATERAL (SELECT * FROM members WHERE chat_id = told.id OFFSET 0) m
    WHERE (${isNew("m.changed_xid", span.from)} OR ${isNew("mine.joined_xid", span.from)}
        OR (m.user_id = ${userId} AND ${isNew("m.own_xid", span.from)}))
      AND (m.left_at IS NULL OR NOT ${span.full})
      AND (c.member_count <= ${NAMED_MEMBERS} OR m.user_id = ${userId}
        OR (NOT ${span.full} AND (${isNew("m.joined_xid", span.from)} OR m.left_at IS NOT NULL)))
    UNION ALL
    SELECT m.chat_id, m.user_id, m.role, m.joined_at, m.left_at, m.read_seq, m.delivered_seq
    FROM members m
    WHERE m.user_id = ${userId} AND m.left_at IS NOT NULL AND m.role <> 'guest' AND ${isNew("m.changed_xid", span.from)}
      AND NOT ${span.full} AND ${span.after === null}`;
}
