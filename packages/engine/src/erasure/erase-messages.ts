import { type Change, fileIdOf, type MessageType, PERSON_MESSAGE_TYPES } from "@parley/contracts";
import { changeChat, type LockedChat } from "../database/change-chat.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Transaction } from "../database/transaction.js";
import { messageFromRow } from "../messages/message-row.js";
import { SYSTEM_SENDER } from "../messages/store-system-message.js";
import { assertNotHeld } from "./assert-not-held.js";
import { countErased, type Erasure } from "./erasure.js";
import { type Redaction, redactMessage } from "./redact-message.js";

/** Numbers that one look passes over, and messages that one transaction changes. */
const LOOKED_AT = 5_000;
const CHANGED_AT_ONCE = 100;

interface FoundRow {
  seq: number;
  id: string;
  senderId: string;
  type: MessageType;
  content: string;
  metadata: string | null;
  attachmentUrl: string | null;
}

const COLUMNS = `seq, id, sender_id AS "senderId", type::text AS type, content, metadata::text AS metadata, attachment_url AS "attachmentUrl"`;

const FIND = {
  name: "find-messages-to-erase",
  text: `SELECT ${COLUMNS} FROM (SELECT * FROM messages WHERE chat_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq OFFSET 0) m
    WHERE sender_id = $4 OR type::text <> ALL ($5::text[]) ORDER BY seq`,
};

const REWRITE = `UPDATE messages m SET rev = e.rev, sender_id = e.sender_id,
    content = CASE WHEN e.gone THEN '' ELSE e.content END,
    attachment_url = CASE WHEN e.gone THEN NULL ELSE m.attachment_url END,
    attachment_type = CASE WHEN e.gone THEN NULL ELSE m.attachment_type END,
    metadata = CASE WHEN e.gone OR e.metadata = '' THEN NULL WHEN e.metadata IS NULL THEN m.metadata ELSE e.metadata::jsonb END,
    reactions = CASE WHEN e.gone THEN NULL ELSE m.reactions END,
    client_id = CASE WHEN e.theirs THEN NULL ELSE m.client_id END, digest = CASE WHEN e.theirs THEN NULL ELSE m.digest END,
    deleted_at = CASE WHEN e.gone THEN coalesce(m.deleted_at, $3::timestamptz) ELSE m.deleted_at END
  FROM jsonb_to_recordset($2::jsonb) AS e(seq int, rev int, sender_id text, content text, metadata text, gone boolean, theirs boolean)
  WHERE m.chat_id = $1::uuid AND m.seq = e.seq`;

/**
 * Takes a person out of a chat's messages that are not archived, page by page: what they wrote becomes tombstones under their pseudonym, and what
 * the platform wrote names them no more. Live members are told as of any change. Throws HeldMeanwhile, database_unavailable.
 */
export async function eraseMessages(
  erasure: Erasure,
  chat: { id: string; lastSeq: number; isCustomer: boolean },
): Promise<void> {
  const { engine, userId } = erasure;
  for (let after = 0; after < chat.lastSeq; after += LOOKED_AT) {
    const values = [chat.id, after, after + LOOKED_AT, userId, PERSON_MESSAGE_TYPES];
    const { rows } = await guardDatabase(() => engine.database.pool.query<FoundRow>({ ...FIND, values }));
    const { isCustomer } = chat;
    const seqs = rows
      .filter((message) => redactMessage(erasure, { message, isCustomer }) !== null)
      .map(({ seq }) => seq);
    for (let from = 0; from < seqs.length; from += CHANGED_AT_ONCE)
      await changeMessages(erasure, { chat, seqs: seqs.slice(from, from + CHANGED_AT_ONCE) });
  }
}

async function changeMessages(
  erasure: Erasure,
  { chat, seqs }: { chat: { id: string; isCustomer: boolean }; seqs: number[] },
): Promise<void> {
  await changeChat(erasure.engine, {
    actor: SYSTEM_SENDER,
    chatId: chat.id,
    work: async (transaction, locked) => {
      await assertNotHeld(transaction, chat.id);
      const bodies = await rewrite(transaction, { erasure, chat, seqs, locked });
      return { result: undefined, bodies };
    },
  });
}

interface Rewrite {
  erasure: Erasure;
  chat: { id: string; isCustomer: boolean };
  seqs: number[];
  locked: LockedChat;
}

async function rewrite(transaction: Transaction, input: Rewrite): Promise<Change["body"][]> {
  const { erasure, chat, locked } = input;
  // As they stand under the lock.
  const rows = await transaction.$queryRawUnsafe<FoundRow[]>(
    `SELECT ${COLUMNS} FROM messages WHERE chat_id = $1::uuid AND seq = ANY ($2::int[]) ORDER BY seq`,
    chat.id,
    input.seqs,
  );
  const changes = rows.flatMap((row) => {
    const redaction = redactMessage(erasure, { message: row, isCustomer: chat.isCustomer });
    return redaction === null ? [] : [{ row, redaction, rev: locked.takeRev() }];
  });
  if (changes.length === 0) return [];
  const edits = changes.map(({ row, redaction, rev }) => editOf(erasure, { row, redaction, rev }));
  await transaction.$executeRawUnsafe(REWRITE, chat.id, JSON.stringify(edits), locked.now);
  const gone = changes.filter(({ redaction }) => redaction.kind === "tombstone").map(({ row }) => row);
  const ids = gone.map(({ id }) => id);
  const reactions = await transaction.reaction.deleteMany({ where: { messageId: { in: ids } } });
  await releaseFiles(
    transaction,
    gone.map(({ attachmentUrl }) => attachmentUrl),
  );
  const rewritten = changes.length - gone.length;
  const counts = { messages: gone.length, reactions: reactions.count, messages_of_the_platform: rewritten };
  await countErased(transaction, erasure, counts);
  const stored = await transaction.message.findMany({
    where: { chatId: chat.id, seq: { in: changes.map(({ row }) => row.seq) } },
    orderBy: { seq: "asc" },
  });
  return stored.map((row) => ({ name: "message.updated", message: messageFromRow(row) }));
}

function editOf(
  { userId, pseudonym }: Erasure,
  { row, redaction, rev }: { row: FoundRow; redaction: Redaction; rev: number },
) {
  const shared = { seq: row.seq, rev, theirs: row.senderId === userId };
  if (redaction.kind === "tombstone") return { ...shared, gone: true, sender_id: pseudonym, content: "" };
  const { senderId, content, metadata } = redaction;
  return {
    ...shared,
    gone: false,
    sender_id: senderId,
    content,
    // An empty text stands for no metadata, which no JSON is.
    ...(metadata !== undefined && { metadata: metadata ?? "" }),
  };
}

/** Files of others that were attached to what is gone are looked at by the collector. */
export async function releaseFiles(
  transaction: Transaction,
  attachments: readonly (string | null)[],
): Promise<void> {
  const ids = attachments.flatMap((url) => fileIdOf(url ?? "") ?? []);
  if (ids.length === 0) return;
  await transaction.$executeRaw`
    UPDATE files SET check_at = now() + interval '1 minute' WHERE id = ANY (${ids}::uuid[]) AND deleted_at IS NULL`;
}
