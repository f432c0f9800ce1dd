import { isLockTimeout, isStatementTimeout, translateDatabaseFailure } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { PUSH_RULES } from "./push-rules.js";

export interface CollectInput {
  /** Chats in which something may have been said. */
  chatIds: readonly string[];
  /** The database's clock when left out. */
  now?: Date;
}

export interface Collected {
  /** Notifications to decide now: new ones, and open ones that have taken new messages in. */
  notificationIds: string[];
  /** Chats whose row somebody held for too long; the sweeper comes back to them. */
  heldChatIds: string[];
  /** Chats that took too long; the sweeper comes back to them, too. */
  slowChatIds: string[];
}

/** Chats of one statement. */
const SLICE = 200;
/** Messages of one chat that a statement looks at. */
const MESSAGES = 200;
/** Rows that a statement makes, more or less. Ten thousand take about half a second, and a statement may take five. */
const WORK = 10_000;
/** Statements that may run out of time one after the other: enough to find two chats of a slice; then it is the database that is slow. */
const MOST_TIMEOUTS = 12;

const COLLECT = {
  name: "collect-notifications",
  text: `SELECT notification_id AS "notificationId", left_chat_id AS "leftChatId"
    FROM collect_notifications($1::uuid[], $2::timestamptz, $3::interval, $4::int, $5::int)`,
};

/** Either of the two. */
interface Row {
  notificationId: string | null;
  leftChatId: string | null;
}

/**
 * Makes the notifications of everything that was said in the chats since they were last collected: one per member other than the
 * sender, and none twice, however many collect at once. A chat that is held, or takes too long, is left alone and named, and keeps none of the
 * others waiting. Throws database_unavailable.
 */
export async function collectDueChats(engine: Engine, input: CollectInput): Promise<Collected> {
  const collected: Omit<Collected, "notificationIds"> = { heldChatIds: [], slowChatIds: [] };
  // What is collected in several steps grows with each.
  const notificationIds = new Set<string>();
  const groups = slicesOf([...new Set(input.chatIds)]).reverse();
  let timeouts = 0;
  for (let chatIds = groups.pop(); chatIds !== undefined; chatIds = groups.pop()) {
    if (timeouts === MOST_TIMEOUTS) {
      collected.slowChatIds.push(...chatIds);
      continue;
    }
    const done = await collectGroup(engine, { chatIds, now: input.now });
    if (typeof done !== "string") {
      timeouts = 0;
      for (const id of done.notificationIds) notificationIds.add(id);
      if (done.leftChatIds.length > 0) groups.push(done.leftChatIds);
      continue;
    }
    if (done === "slow") timeouts++;
    if (chatIds.length === 1) {
      collected[done === "slow" ? "slowChatIds" : "heldChatIds"].push(...chatIds);
      continue;
    }
    const half = Math.ceil(chatIds.length / 2);
    groups.push(chatIds.slice(half), chatIds.slice(0, half));
  }
  return { ...collected, notificationIds: [...notificationIds] };
}

function slicesOf(chatIds: string[]): string[][] {
  const slices: string[][] = [];
  for (let from = 0; from < chatIds.length; from += SLICE) slices.push(chatIds.slice(from, from + SLICE));
  return slices;
}

/** One statement. Left are the chats that would have been too much work for it; `held` and `slow`: nothing is done. */
async function collectGroup(
  engine: Engine,
  { chatIds, now }: { chatIds: string[]; now: Date | undefined },
): Promise<{ notificationIds: string[]; leftChatIds: string[] } | "held" | "slow"> {
  const values = [chatIds, now ?? null, `${PUSH_RULES.maxAgeMs} milliseconds`, MESSAGES, WORK];
  try {
    const { rows } = await engine.database.pool.query<Row>({ ...COLLECT, values });
    return {
      notificationIds: rows.flatMap((row) => row.notificationId ?? []),
      leftChatIds: rows.flatMap((row) => row.leftChatId ?? []),
    };
  } catch (error) {
    if (isLockTimeout(error)) return "held";
    if (isStatementTimeout(error)) return "slow";
    throw translateDatabaseFailure(error);
  }
}
