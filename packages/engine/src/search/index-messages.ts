import { guardDatabase } from "../database/database-failure.js";
import type { Transaction } from "../database/transaction.js";
import type { Engine } from "../engine.js";
import { BLOCK_MESSAGES, makeBlocks } from "./make-blocks.js";
import { mendBlocks } from "./mend-blocks.js";

export interface IndexInput {
  /** Called after each step with how many messages it took; `false` ends the run. */
  afterStep?: (messages: number) => Promise<boolean>;
  /** For tests: how long each lane waits for transactions, or for a chat to become quiet. */
  waitMs?: { whole: number; rest: number };
}

export interface Indexed {
  blocks: number;
  messages: number;
  /** Edited, deleted, archived and restored parts of chats. */
  mended: number;
}

interface Lane {
  id: number;
  /** A rest of fewer messages waits. */
  least: number;
  waitMs: number;
}

interface Step {
  blocks: number;
  messages: number;
  isDone: boolean;
}

interface SpokenChat {
  chatId: string;
  number: bigint;
  after: number;
  isDue: boolean;
}

const LAST_POSSIBLE = 2_147_483_647;
const MESSAGES_PER_STEP = 2_000;
/** A step is a transaction of about a second. */
const BLOCKS_PER_STEP = 50;
const LIMITS = { maxWait: 3_000, timeout: 30_000 };
/** Longer than any statement may take: after it, every message with a smaller number is there or will never be. */
const WHOLE_AFTER_MS = 15_000;
const REST_AFTER_MS = 3_600_000;

const READ_LANE = `SELECT position, mark, marked_at < clock_timestamp() - $2::int * interval '1 millisecond' AS "isSettled"
  FROM search_lanes WHERE id = $1::int`;

// Chats in which something was said, how far that goes, where their blocks end, and whether enough has come since.
const CHATS = `SELECT m.chat_id AS "chatId", m.number, done.seq AS after, c.last_seq - done.seq >= $3::int AS "isDue"
  FROM (
    SELECT chat_id, max(number) AS number FROM (
      SELECT chat_id, number FROM messages WHERE number > $1::bigint AND number <= $2::bigint ORDER BY number LIMIT ${MESSAGES_PER_STEP}
    ) said GROUP BY chat_id
  ) m
  CROSS JOIN LATERAL (SELECT last_seq FROM chats WHERE id = m.chat_id OFFSET 0) c
  CROSS JOIN LATERAL (
    SELECT coalesce((SELECT last_seq FROM search_blocks WHERE chat_id = m.chat_id ORDER BY chat_id, last_seq DESC LIMIT 1), 0) AS seq
  ) done`;

const MARK = `UPDATE search_lanes SET position = mark, marked_at = clock_timestamp(),
  mark = greatest(mark, coalesce((SELECT number FROM messages ORDER BY number DESC LIMIT 1), 0)) WHERE id = $1::int`;

/**
 * Makes what messages are found by: first what was changed anew, then whole blocks of what is new, then the rest of chats that became quiet.
 * In short transactions, of which each says how far it got; a killed run is simply run again, and one runs at a time. Throws database_unavailable.
 */
export async function indexMessages(engine: Engine, input: IndexInput = {}): Promise<Indexed> {
  const { afterStep = async () => true, waitMs } = input;
  const done: Indexed = { blocks: 0, messages: 0, mended: 0 };
  const lanes: Lane[] = [
    { id: 1, least: BLOCK_MESSAGES, waitMs: waitMs?.whole ?? WHOLE_AFTER_MS },
    { id: 2, least: 1, waitMs: waitMs?.rest ?? REST_AFTER_MS },
  ];
  for (let isMending = true; isMending; ) {
    const mended = await step(engine, mendBlocks);
    done.mended += mended?.parts ?? 0;
    isMending = mended?.isUnfinished === true && (await afterStep(mended.parts));
  }
  for (const lane of lanes) {
    for (let isGoing = true; isGoing; ) {
      const made = await step(engine, (transaction) => advanceLane(transaction, lane));
      done.blocks += made?.blocks ?? 0;
      done.messages += made?.messages ?? 0;
      isGoing = made?.isDone === false && (await afterStep(made.messages));
    }
  }
  return done;
}

/** One transaction, unless somebody else is at it: then undefined. */
async function step<Result>(
  engine: Engine,
  work: (transaction: Transaction) => Promise<Result>,
): Promise<Result | undefined> {
  const alone = async (transaction: Transaction) => {
    const rows = await transaction.$queryRaw<unknown[]>`
      SELECT id FROM search_lanes WHERE id = 1 FOR UPDATE SKIP LOCKED`;
    return rows.length === 0 ? undefined : work(transaction);
  };
  return guardDatabase(() => engine.database.prisma.$transaction(alone, LIMITS));
}

async function advanceLane(transaction: Transaction, lane: Lane): Promise<Step> {
  const rows = await transaction.$queryRawUnsafe<
    Array<{ position: bigint; mark: bigint; isSettled: boolean }>
  >(READ_LANE, lane.id, lane.waitMs);
  const at = rows[0];
  if (at === undefined || !at.isSettled) return { blocks: 0, messages: 0, isDone: true };
  if (at.position >= at.mark) {
    await transaction.$executeRawUnsafe(MARK, lane.id);
    const isDone = lane.waitMs > 0 || at.mark === (await markOf(transaction, lane.id));
    return { blocks: 0, messages: 0, isDone };
  }
  const chats = await transaction.$queryRawUnsafe<SpokenChat[]>(CHATS, at.position, at.mark, lane.least);
  const made = { blocks: 0, messages: 0, isDone: false };
  for (const { chatId, after } of chats.filter(({ isDue }) => isDue)) {
    const most = BLOCKS_PER_STEP - made.blocks;
    const chat = await makeBlocks(transaction, {
      chatId,
      after,
      upTo: LAST_POSSIBLE,
      least: lane.least,
      most,
    });
    made.blocks += chat.blocks;
    made.messages += chat.messages;
    // The next step begins with the same messages, and finds what this one has made.
    if (chat.isUnfinished) return made;
  }
  const reached = Math.max(...chats.map(({ number }) => Number(number)));
  const position = chats.length === 0 ? Number(at.mark) : reached;
  await transaction.$executeRaw`UPDATE search_lanes SET position = ${position}::bigint WHERE id = ${lane.id}::int`;
  return made;
}

async function markOf(transaction: Transaction, id: number): Promise<bigint> {
  const rows = await transaction.$queryRaw<Array<{ mark: bigint }>>`
    SELECT mark FROM search_lanes WHERE id = ${id}::int`;
  return rows[0]?.mark ?? 0n;
}
