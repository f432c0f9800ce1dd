import { guardDatabase, isLockTimeout } from "../database/database-failure.js";
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
}

/** Chats of one statement. */
const SLICE = 200;

const COLLECT = {
  name: "collect-notifications",
  text: "SELECT id FROM collect_notifications($1::uuid[], $2::timestamptz, $3::interval) AS id",
};

/**
 * Makes the notifications of everything that was said in the chats since they were last collected: one per member other than the
 * sender, and none twice, however many collect at once. Throws database_unavailable.
 */
export async function collectDueChats(engine: Engine, input: CollectInput): Promise<Collected> {
  const chatIds = [...new Set(input.chatIds)];
  const collected: Collected = { notificationIds: [], heldChatIds: [] };
  for (let from = 0; from < chatIds.length; from += SLICE) {
    await collectSlice(engine, { chatIds: chatIds.slice(from, from + SLICE), now: input.now }, collected);
  }
  return collected;
}

async function collectSlice(
  engine: Engine,
  input: { chatIds: string[]; now: Date | undefined },
  collected: Collected,
): Promise<void> {
  const { chatIds, now } = input;
  const values = [chatIds, now ?? null, `${PUSH_RULES.maxAgeMs} milliseconds`];
  try {
    const { rows } = await engine.database.pool.query<{ id: string }>({ ...COLLECT, values });
    for (const { id } of rows) collected.notificationIds.push(id);
  } catch (error) {
    if (!isLockTimeout(error)) await guardDatabase(() => Promise.reject(error));
    if (chatIds.length === 1) {
      collected.heldChatIds.push(...chatIds);
      return;
    }
    const half = Math.ceil(chatIds.length / 2);
    await collectSlice(engine, { chatIds: chatIds.slice(0, half), now }, collected);
    await collectSlice(engine, { chatIds: chatIds.slice(half), now }, collected);
  }
}
