import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";

/** What operators see of a chat; never what was said in it. */
export interface OverseenChat {
  id: string;
  type: "order" | "direct" | "group";
  title: string | null;
  orderId: string | null;
  status: "active" | "closed" | "archived";
  members: number;
  /** All that were ever sent. */
  messages: number;
  lastMessageAt: Date | null;
  createdAt: Date;
  /** On legal hold. */
  held: boolean;
  retentionDays: number | null;
  /** An upper bound: some may have come back. */
  archivedMessages: number;
}

export interface ChatFilter {
  status?: string | undefined;
  type?: string | undefined;
}

// One by one in the order that is asked for: the planner would rather join the tables whole.
const READ = {
  name: "read-overseen-chats",
  text: `SELECT c.id, c.type, c.name AS title, c.order_id AS "orderId", c.status, c.member_count AS members, c.last_seq AS messages,
      m.created_at AS "lastMessageAt", c.created_at AS "createdAt", c.legal_hold AS held, c.archive_after_days AS "retentionDays",
      greatest(0, c.archived_seq - c.purged_seq) AS "archivedMessages"
    FROM unnest($1::uuid[]) WITH ORDINALITY AS asked(id, place)
    CROSS JOIN LATERAL (SELECT * FROM chats WHERE id = asked.id OFFSET 0) c
    LEFT JOIN LATERAL (SELECT created_at FROM messages WHERE chat_id = c.id AND seq = c.last_seq OFFSET 0) m ON true
    WHERE ($2::text IS NULL OR c.status = $2::chat_status) AND ($3::text IS NULL OR c.type = $3::chat_type)
    ORDER BY asked.place`,
};

/** The chats of these ids that pass the filter, in their order. */
export async function readOverseenChats(
  engine: Engine,
  { ids, filter = {} }: { ids: readonly string[]; filter?: ChatFilter },
): Promise<OverseenChat[]> {
  if (ids.length === 0) return [];
  const values = [ids, filter.status ?? null, filter.type ?? null];
  const { rows } = await guardDatabase(() => engine.database.pool.query<OverseenChat>({ ...READ, values }));
  return rows;
}
