import { changeChat } from "../database/change-chat.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Transaction } from "../database/transaction.js";
import { Prisma } from "../generated/prisma/client.js";
import { messageFromRow } from "../messages/message-row.js";
import { SYSTEM_SENDER } from "../messages/store-system-message.js";
import { summariseReactions } from "../messages/summarise-reactions.js";
import { assertNotHeld } from "./assert-not-held.js";
import { countErased, type Erasure } from "./erasure.js";

const AT_ONCE = 50;

const FIND = {
  name: "reactions-of-person",
  text: `SELECT DISTINCT m.chat_id AS "chatId", m.id FROM (SELECT message_id FROM reactions WHERE user_id = $1 ORDER BY user_id LIMIT ${AT_ONCE} OFFSET 0) r
    CROSS JOIN LATERAL (SELECT chat_id, id FROM messages WHERE id = r.message_id OFFSET 0) m`,
};

/** Takes a person's reactions back, of what is not archived; live members are told. Throws HeldMeanwhile, database_unavailable. */
export async function eraseReactions(erasure: Erasure): Promise<void> {
  const { pool } = erasure.engine.database;
  for (;;) {
    const values = [erasure.userId];
    const { rows } = await guardDatabase(() =>
      pool.query<{ chatId: string; id: string }>({ ...FIND, values }),
    );
    if (rows.length === 0) return;
    for (const chatId of new Set(rows.map((row) => row.chatId))) {
      const ids = rows.filter((row) => row.chatId === chatId).map(({ id }) => id);
      await takeBack(erasure, { chatId, ids });
    }
  }
}

async function takeBack(
  erasure: Erasure,
  { chatId, ids }: { chatId: string; ids: readonly string[] },
): Promise<void> {
  await changeChat(erasure.engine, {
    actor: SYSTEM_SENDER,
    chatId,
    work: async (transaction, locked) => {
      await assertNotHeld(transaction, chatId);
      const bodies = [];
      for (const id of ids) {
        const message = await withoutReactions(transaction, { erasure, id, takeRev: locked.takeRev });
        if (message !== null) bodies.push({ name: "message.updated", message } as const);
      }
      return { result: undefined, bodies };
    },
  });
}

async function withoutReactions(
  transaction: Transaction,
  { erasure, id, takeRev }: { erasure: Erasure; id: string; takeRev: () => number },
) {
  const { count } = await transaction.reaction.deleteMany({
    where: { messageId: id, userId: erasure.userId },
  });
  if (count === 0) return null;
  await countErased(transaction, erasure, { reactions: count });
  const summary = await summariseReactions(transaction, id);
  const reactions = summary.length === 0 ? Prisma.DbNull : (summary as unknown as Prisma.InputJsonValue);
  return messageFromRow(
    await transaction.message.update({ where: { id }, data: { reactions, rev: takeRev() } }),
  );
}
