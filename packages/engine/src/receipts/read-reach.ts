import { AUDIENCE_LIST_LIMIT } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";

/** How far a chat's messages have come: up to which numbers. */
export interface Reach {
  /** As the person asked for has read; 0 when they are not in the chat. */
  ownReadSeq: number;
  /**
   * As the furthest of the others has read and received, as the person may see it. What stood in the chat when somebody came into it
   * they have not read by that. Both are 0 in chats of more than AUDIENCE_LIST_LIMIT members.
   */
  othersReadSeq: number;
  othersDeliveredSeq: number;
}

interface Row {
  chatId: string;
  own: number | null;
  others: [number, number] | null;
}

const REACH = {
  name: "read-reach",
  text: `SELECT c.id AS "chatId",
    (SELECT read_seq FROM members WHERE chat_id = c.id AND user_id = $1 AND left_at IS NULL) AS own,
    CASE WHEN c.member_count <= $3::int THEN (
      SELECT ARRAY[coalesce(max(shown) FILTER (WHERE shown > joined_seq), 0),
        coalesce(max(greatest(shown, delivered_seq)) FILTER (WHERE greatest(shown, delivered_seq) > joined_seq), 0)]
      FROM (SELECT joined_seq, delivered_seq, coalesce(shown_read_seq, read_seq) AS shown FROM members
        WHERE chat_id = c.id AND user_id <> $1 AND left_at IS NULL) other) END AS others
    FROM chats c WHERE c.id = ANY ($2::uuid[])`,
};

/** How far the messages of chats have come, for one person, by chat id. Says nothing about who may know it. */
export async function readReach(
  engine: Engine,
  { userId, chatIds }: { userId: string; chatIds: readonly string[] },
): Promise<Map<string, Reach>> {
  const values = [userId, chatIds, AUDIENCE_LIST_LIMIT];
  const { rows } = await guardDatabase(() => engine.database.pool.query<Row>({ ...REACH, values }));
  return new Map(
    rows.map(({ chatId, own, others }) => {
      const [othersReadSeq, othersDeliveredSeq] = others ?? [0, 0];
      return [chatId, { ownReadSeq: own ?? 0, othersReadSeq, othersDeliveredSeq }];
    }),
  );
}
