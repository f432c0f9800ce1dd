import type { Actor } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import type { ChatSummary } from "./chat.js";
import { pairOf } from "./chat-facts.js";
import { summariseChats } from "./summarise-chats.js";

/** A chat of two people in somebody's list. */
export interface PairSummary extends ChatSummary {
  pair: readonly [string, string];
}

/** Integers of up to 16 digits, which is where JavaScript's end; `direct_key` is a JSON array of two ids. */
const INTEGER_PAIRS = {
  name: "integer-pairs",
  text: `SELECT c.id FROM members m CROSS JOIN LATERAL (SELECT * FROM chats WHERE id = m.chat_id OFFSET 0) c
    WHERE m.user_id = $1 AND m.left_at IS NULL AND (
      c.direct_key ~ '^\\["[1-9][0-9]{0,15}","[1-9][0-9]{0,15}"\\]$'
      OR (c.user_id ~ '^[1-9][0-9]{0,15}$' AND c.shopper_id ~ '^[1-9][0-9]{0,15}$'))
    ORDER BY c.updated_at DESC, c.id DESC LIMIT $2 OFFSET $3`,
};

/**
 * The actor's chats of two people who are both named by integers, most recent activity first: all that a contract can show whose people
 * have nothing else. Three queries, however many chats.
 */
export async function listIntegerPairs(
  engine: Engine,
  { actor, limit, offset }: { actor: Actor; limit: number; offset: number },
): Promise<PairSummary[]> {
  const { pool, prisma } = engine.database;
  return guardDatabase(async () => {
    const page = await pool.query<{ id: string }>({
      ...INTEGER_PAIRS,
      values: [actor.userId, limit, offset],
    });
    const ids = page.rows.map(({ id }) => id);
    const rows = await prisma.chat.findMany({
      where: { id: { in: ids } },
      include: { members: { where: { userId: actor.userId, leftAt: null } } },
    });
    const pairs = new Map(rows.map((row) => [row.id, pairOf(row)]));
    const summaries = await summariseChats(
      { prisma, now: engine.clock() },
      rows.map((row) => ({ chat: row, membership: row.members[0] })),
    );
    const byId = new Map(summaries.map((summary) => [summary.id, summary]));
    return ids.flatMap((id) => {
      const [summary, pair] = [byId.get(id), pairs.get(id) ?? null];
      return summary === undefined || pair === null ? [] : [{ ...summary, pair }];
    });
  });
}
