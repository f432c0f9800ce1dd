import { guardDatabase } from "../database/database-failure.js";
import type { Erasure } from "./erasure.js";

const CHATS_PER_PAGE = 200;
const START = "00000000-0000-0000-0000-000000000000";

export interface FoundChat {
  id: string;
  lastSeq: number;
  hasArchive: boolean;
  /** The chat is about an order of the person. */
  isCustomer: boolean;
  /** The person is or was in it, made it, wrote in it or is named in it by the platform. Not known of what is archived. */
  isTheirs: boolean;
}

// All chats are looked at, each by its own indexes: nothing says in which of them somebody wrote who is in them no more.
const PAGE = {
  name: "chats-of-person",
  text: `SELECT c.id, c.last_seq AS "lastSeq", c.archived_seq > c.purged_seq AS "hasArchive", (c.user_id = $2) IS TRUE AS "isCustomer",
      (c.created_by = $2 OR c.user_id = $2 OR c.shopper_id = $2) IS TRUE
      OR EXISTS (SELECT FROM members m WHERE m.chat_id = c.id AND m.user_id = $2)
      OR EXISTS (SELECT FROM messages m WHERE m.chat_id = c.id AND m.sender_id = $2)
      OR EXISTS (SELECT FROM messages m WHERE m.chat_id = c.id AND m.sender_id = 'system' AND m.metadata ->> 'changed_by' = $2)
        AS "isTheirs"
    FROM (SELECT * FROM chats WHERE id > $1::uuid ORDER BY id LIMIT ${CHATS_PER_PAGE} OFFSET 0) c ORDER BY c.id`,
};

/** The next page of all chats, with what a person has to do with them; `next` null: there are no more. */
export async function chatsOfPerson(
  { engine, userId }: Pick<Erasure, "engine" | "userId">,
  after: string | undefined,
): Promise<{ chats: FoundChat[]; next: string | null }> {
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<FoundChat>({ ...PAGE, values: [after ?? START, userId] }),
  );
  return { chats: rows, next: rows.length < CHATS_PER_PAGE ? null : (rows.at(-1)?.id ?? null) };
}
