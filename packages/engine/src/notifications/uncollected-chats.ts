import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { collectDueChats } from "./collect-due-chats.js";

interface Named {
  chatIds: readonly string[];
  /** The database's clock when left out. */
  now?: Date | undefined;
}

const NOW = "coalesce($2::timestamptz, statement_timestamp())";
// In one order, so that two sweepers never wait for each other in a circle.
const CHATS = "(SELECT DISTINCT id FROM unnest($1::uuid[]) AS u(id) ORDER BY id) c";

const PUT_OFF = {
  name: "put-off-chats",
  text: `INSERT INTO uncollected_chats AS u (chat_id, tries, due_at) SELECT id, 1, ${NOW} + interval '2 seconds' FROM ${CHATS}
    ON CONFLICT (chat_id) DO UPDATE SET tries = least(u.tries + 1, 20), asked_xid = pg_current_xact_id(),
      due_at = ${NOW} + least(interval '2 seconds' * 2 ^ u.tries, interval '5 minutes')`,
};

/** Remembers chats that could not be collected; the pause until the next try grows up to five minutes. */
export async function putOffChats(engine: Engine, { chatIds, now }: Named): Promise<void> {
  if (chatIds.length === 0) return;
  await guardDatabase(() => engine.database.pool.query({ ...PUT_OFF, values: [chatIds, now ?? null] }));
}

const ASK_AGAIN = {
  name: "ask-again-for-chats",
  text: `INSERT INTO uncollected_chats AS u (chat_id, due_at) SELECT id, ${NOW} FROM ${CHATS}
    ON CONFLICT (chat_id) DO UPDATE SET asked_xid = pg_current_xact_id()`,
};

/** Notes further news in chats that were put off: whoever is collecting them at the moment may not have seen it. Their turn stays. */
export async function askAgainForChats(engine: Engine, { chatIds, now }: Named): Promise<void> {
  if (chatIds.length === 0) return;
  await guardDatabase(() => engine.database.pool.query({ ...ASK_AGAIN, values: [chatIds, now ?? null] }));
}

/** Bounds one sweep. */
const DUE = 1_000;
/** Each costs a lock's or a statement's timeout. */
const MOST_IN_VAIN = 4;

const READ_DUE = {
  name: "due-uncollected-chats",
  text: `SELECT chat_id AS "chatId", asked_xid::text AS asked FROM uncollected_chats
    WHERE due_at <= coalesce($1::timestamptz, statement_timestamp()) ORDER BY due_at LIMIT $2::int`,
};

const FORGET = {
  name: "forget-uncollected-chat",
  text: "DELETE FROM uncollected_chats WHERE chat_id = $1::uuid AND asked_xid = $2::xid8",
};

/** Collects the chats that were put off and whose turn it is, each by itself. Returns how many notifications came of it. */
export async function collectPutOffChats(
  engine: Engine,
  { now }: { now?: Date | undefined },
): Promise<number> {
  const { pool } = engine.database;
  const { rows } = await guardDatabase(() =>
    pool.query<{ chatId: string; asked: string }>({ ...READ_DUE, values: [now ?? null, DUE] }),
  );
  let [count, inVain] = [0, 0];
  for (const { chatId, asked } of rows) {
    const chatIds = [chatId];
    const collected = await collectDueChats(engine, { chatIds, ...(now && { now }) });
    count += collected.notificationIds.length;
    if (collected.heldChatIds.length + collected.slowChatIds.length === 0) {
      await guardDatabase(() => pool.query({ ...FORGET, values: [chatId, asked] }));
      continue;
    }
    await putOffChats(engine, { chatIds, now });
    if (++inVain === MOST_IN_VAIN) break;
  }
  return count;
}
