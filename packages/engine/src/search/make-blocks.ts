import { createHash } from "node:crypto";
import type { Transaction } from "../database/transaction.js";
import { foldText } from "./fold-text.js";
import { addTerms } from "./text-terms.js";

/** Messages of one block: as many are read for one that may match. */
export const BLOCK_MESSAGES = 64;
/** Characters of one block: a text of terms may have a megabyte. */
const BLOCK_CHARACTERS = 20_000;
/** A longer silence ends a block, so that few blocks of other chats span the same time. */
const LONGEST_SILENCE_MS = 24 * 3_600_000;

interface SourceRow {
  seq: number;
  number: bigint;
  senderId: string;
  content: string;
  createdAt: Date;
}

export interface MakeInput {
  chatId: string;
  /** Messages after the first number, up to the second. */
  after: number;
  upTo: number;
  /** A rest of fewer messages, behind which others may still come, gets no block. */
  least: number;
  /** No more than so many. */
  most: number;
}

export interface MadeBlocks {
  blocks: number;
  messages: number;
  /** There was more to make than was allowed. */
  isUnfinished: boolean;
}

const READ = `SELECT seq, number, sender_id AS "senderId", content, created_at AS "createdAt" FROM messages
  WHERE chat_id = $1::uuid AND seq > $2::int AND seq <= $3::int ORDER BY chat_id, seq LIMIT ${BLOCK_MESSAGES + 1}`;

const INSERT = `INSERT INTO search_blocks (chat_id, first_seq, last_seq, oldest_number, newest_number, oldest_at, newest_at, terms)
  VALUES ($1::uuid, $2::int, $3::int, $4::bigint, $5::bigint, $6::timestamptz, $7::timestamptz, array_to_tsvector($8::text[]))`;

/** What a chat's blocks are found by. */
export function chatTerm(number: bigint | number): string {
  return `@${number.toString(36)}`;
}

/** What blocks with something of a person are found by. */
export function senderTerm(userId: string): string {
  return `~${createHash("sha256").update(userId).digest("base64url").slice(0, 10)}`;
}

/** Makes the blocks of a part of a chat that has none. */
export async function makeBlocks(transaction: Transaction, input: MakeInput): Promise<MadeBlocks> {
  const made = { blocks: 0, messages: 0, isUnfinished: false };
  const chats = await transaction.$queryRaw<Array<{ number: bigint }>>`
    SELECT number FROM chats WHERE id = ${input.chatId}::uuid`;
  const [chat] = chats;
  if (chat === undefined) return made;
  let { after } = input;
  for (;;) {
    const rows = await transaction.$queryRawUnsafe<SourceRow[]>(READ, input.chatId, after, input.upTo);
    const block = takeBlock(rows);
    const last = block.at(-1);
    // What ends because something else follows is whole, however small.
    const isWhole = block.length < rows.length || block.length >= input.least;
    if (last === undefined || !isWhole) return made;
    if (made.blocks === input.most) return { ...made, isUnfinished: true };
    await storeBlock(transaction, { chatId: input.chatId, number: chat.number, rows: block });
    made.blocks++;
    made.messages += block.length;
    after = last.seq;
  }
}

function takeBlock(rows: readonly SourceRow[]): SourceRow[] {
  const block: SourceRow[] = [];
  let characters = 0;
  for (const row of rows.slice(0, BLOCK_MESSAGES)) {
    const before = block.at(-1);
    characters += row.content.length;
    const isApart =
      before !== undefined && row.createdAt.getTime() - before.createdAt.getTime() > LONGEST_SILENCE_MS;
    if (isApart || (before !== undefined && characters > BLOCK_CHARACTERS)) break;
    block.push(row);
  }
  return block;
}

async function storeBlock(
  transaction: Transaction,
  { chatId, number, rows }: { chatId: string; number: bigint; rows: readonly SourceRow[] },
): Promise<void> {
  const terms = new Set([chatTerm(number)]);
  for (const { senderId, content } of rows) {
    if (content === "") continue;
    terms.add(senderTerm(senderId));
    addTerms(terms, foldText(content));
  }
  const seqs = rows.map(({ seq }) => seq);
  const numbers = rows.map((row) => Number(row.number));
  const times = rows.map(({ createdAt }) => createdAt.getTime());
  await transaction.$executeRawUnsafe(
    INSERT,
    chatId,
    Math.min(...seqs),
    Math.max(...seqs),
    Math.min(...numbers),
    Math.max(...numbers),
    new Date(Math.min(...times)),
    new Date(Math.max(...times)),
    [...terms],
  );
}
