import type { Transaction } from "../database/transaction.js";
import { BLOCK_MESSAGES, makeBlocks } from "./make-blocks.js";

interface ChangedPart {
  chatId: string;
  firstSeq: number;
  lastSeq: number;
}

const CHANGES_PER_STEP = 200;
/** Blocks of one chat that one step makes at most: a restored chat may need thousands. */
const BLOCKS_PER_STEP = 100;

const TAKE = `DELETE FROM search_changes WHERE id = ANY (ARRAY(SELECT id FROM search_changes ORDER BY id LIMIT ${CHANGES_PER_STEP}))
  RETURNING chat_id AS "chatId", first_seq AS "firstSeq", last_seq AS "lastSeq"`;

// The blocks that overlap the part: they don't overlap each other, so those that end in it, and the next one behind.
const DROP = `DELETE FROM search_blocks WHERE chat_id = $1::uuid AND last_seq = ANY (ARRAY(
    (SELECT last_seq FROM search_blocks WHERE chat_id = $1::uuid AND last_seq BETWEEN $2::int AND $3::int ORDER BY chat_id, last_seq)
    UNION ALL
    (SELECT last_seq FROM (SELECT first_seq, last_seq FROM search_blocks WHERE chat_id = $1::uuid AND last_seq > $3::int
      ORDER BY chat_id, last_seq LIMIT 1) next WHERE first_seq <= $3::int)))
  RETURNING first_seq AS "firstSeq", last_seq AS "lastSeq"`;

/**
 * Makes the blocks of some parts of chats anew that were edited, deleted, archived or restored. Returns how many parts there were; fewer than
 * fit into one step mean that nothing is left. Nobody else may make blocks meanwhile.
 */
export async function mendBlocks(
  transaction: Transaction,
): Promise<{ parts: number; isUnfinished: boolean }> {
  const parts = await transaction.$queryRawUnsafe<ChangedPart[]>(TAKE);
  let room = BLOCKS_PER_STEP;
  for (const part of mergeParts(parts)) {
    if (room <= 0) await putBack(transaction, part);
    else room -= await mendPart(transaction, { part, most: room });
  }
  return { parts: parts.length, isUnfinished: parts.length === CHANGES_PER_STEP || room <= 0 };
}

/** Many edits of one conversation are one part. */
function mergeParts(parts: readonly ChangedPart[]): ChangedPart[] {
  const merged: ChangedPart[] = [];
  const inOrder = [...parts].sort(
    (left, right) => left.chatId.localeCompare(right.chatId) || left.firstSeq - right.firstSeq,
  );
  for (const part of inOrder) {
    const last = merged.at(-1);
    if (last !== undefined && last.chatId === part.chatId && part.firstSeq <= last.lastSeq + BLOCK_MESSAGES)
      last.lastSeq = Math.max(last.lastSeq, part.lastSeq);
    else merged.push({ ...part });
  }
  return merged;
}

async function mendPart(
  transaction: Transaction,
  { part, most }: { part: ChangedPart; most: number },
): Promise<number> {
  const { chatId } = part;
  const end = await indexedSeq(transaction, chatId);
  const dropped = await transaction.$queryRawUnsafe<Array<Omit<ChangedPart, "chatId">>>(
    DROP,
    chatId,
    part.firstSeq,
    part.lastSeq,
  );
  const from = Math.min(part.firstSeq, ...dropped.map(({ firstSeq }) => firstSeq));
  const to = Math.max(Math.min(part.lastSeq, end), ...dropped.map(({ lastSeq }) => lastSeq));
  const within = await makeBlocks(transaction, { chatId, after: from - 1, upTo: to, least: 1, most });
  if (within.isUnfinished) {
    const next = (await highestWithin(transaction, { chatId, upTo: to })) + 1;
    await putBack(transaction, { chatId, firstSeq: next, lastSeq: part.lastSeq });
    return most;
  }
  if (part.lastSeq <= end) return within.blocks;
  // What came back behind the last block waits for no new message to get one.
  const rest = { chatId, after: Math.max(to, end), upTo: part.lastSeq, least: BLOCK_MESSAGES };
  const behind = await makeBlocks(transaction, { ...rest, most: most - within.blocks });
  if (behind.isUnfinished) await putBack(transaction, part);
  return behind.isUnfinished ? most : within.blocks + behind.blocks;
}

/** Up to where a chat has blocks; what is behind is searched as it stands. */
async function indexedSeq(transaction: Transaction, chatId: string): Promise<number> {
  return highestWithin(transaction, { chatId, upTo: 2_147_483_647 });
}

async function highestWithin(
  transaction: Transaction,
  { chatId, upTo }: { chatId: string; upTo: number },
): Promise<number> {
  const rows = await transaction.$queryRaw<Array<{ lastSeq: number }>>`
    SELECT last_seq AS "lastSeq" FROM search_blocks WHERE chat_id = ${chatId}::uuid AND last_seq <= ${upTo}::int
    ORDER BY chat_id, last_seq DESC LIMIT 1`;
  return rows[0]?.lastSeq ?? 0;
}

async function putBack(transaction: Transaction, { chatId, firstSeq, lastSeq }: ChangedPart): Promise<void> {
  await transaction.$executeRaw`
    INSERT INTO search_changes (chat_id, first_seq, last_seq) VALUES (${chatId}::uuid, ${firstSeq}::int, ${lastSeq}::int)`;
}
