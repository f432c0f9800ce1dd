import { type Actor, AUDIENCE_LIST_LIMIT, ParleyError } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { publishChanges } from "../events/publish.js";
import { isPrivileged } from "../policy.js";

export interface MarkReadInput {
  actor: Actor;
  chatId: string;
  messageIds: string[];
  /** The live connection that asks; the others are told, it has its answer. */
  connection?: string | undefined;
}

export interface ReadPosition {
  readSeq: number;
  unreadCount: number;
}

interface Row {
  is_member: boolean;
  read_seq: number | null;
  last_seq: number | null;
  moved_rev: number | null;
  moved_at: Date | null;
  audience: string[] | null;
}

const MARK = { name: "mark-read", text: "SELECT * FROM mark_read($1, $2, $3, $4)" };

/**
 * Moves the actor's read position up to the newest of the named messages. A position never moves back.
 * Refuses: chat_not_found, forbidden (operators outside the chat), message_not_found (none of the ids is in the chat).
 */
export async function markRead(engine: Engine, input: MarkReadInput): Promise<ReadPosition> {
  const { actor, chatId, messageIds } = input;
  const values = [chatId, actor.userId, messageIds, AUDIENCE_LIST_LIMIT];
  const { rows } = await guardDatabase(() => engine.database.pool.query<Row>({ ...MARK, values }));
  const row = rows[0];
  if (row === undefined || !row.is_member) throw refusalOf(actor);
  if (row.read_seq === null || row.last_seq === null) throw new ParleyError("message_not_found");
  if (row.moved_rev !== null && row.moved_at !== null) {
    publishChanges(engine, [
      {
        chatId,
        rev: row.moved_rev,
        seq: row.last_seq,
        audience: row.audience,
        ...(input.connection === undefined ? {} : { exceptConnection: input.connection }),
        body: {
          name: "messages.read",
          userId: actor.userId,
          readSeq: row.read_seq,
          messageIds,
          at: row.moved_at.toISOString(),
        },
      },
    ]);
  }
  return { readSeq: row.read_seq, unreadCount: row.last_seq - row.read_seq };
}

function refusalOf(actor: Actor): ParleyError {
  if (!isPrivileged(actor)) return new ParleyError("chat_not_found");
  return new ParleyError("forbidden", { message: "Only members have a read position in a chat." });
}
