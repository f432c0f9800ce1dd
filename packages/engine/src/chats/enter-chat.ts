import { type Actor, ParleyError } from "@parley/contracts";
import { changeChat } from "../database/change-chat.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { makePlace } from "../members/make-place.js";
import { storeMembers } from "../members/store-members.js";
import { FOR_EVER } from "./mute-chat.js";

// Nearly everyone has been here before, and must not wait for the chat's lock. Who comes often is noted once a minute.
const VISIT = {
  name: "note-visit",
  text: `WITH here AS (
      SELECT role, seen_at FROM members WHERE chat_id = $1 AND user_id = $2 AND left_at IS NULL
    ), noted AS (
      UPDATE members m SET seen_at = now() FROM here
      WHERE m.chat_id = $1 AND m.user_id = $2 AND here.role = 'guest' AND here.seen_at < now() - interval '1 minute'
    )
    SELECT FROM here`,
};

/**
 * Makes somebody a member of an open chat: a guest, who is told of it only while they have it open, and makes place for others when they
 * don't and the chat is full. Members stay as they are. They have the live stream from the commit on. Whom the chat is open to is the
 * caller's to know.
 * Refuses: chat_not_found (also of chats that are not open), too_many_members (and nobody in it is absent), overloaded.
 */
export async function enterChat(engine: Engine, input: { actor: Actor; chatId: string }): Promise<void> {
  const { chatId, actor } = input;
  const { isOpen } = await engine.chatFacts.read(chatId);
  if (!isOpen) throw new ParleyError("chat_not_found");
  if (await noteVisit(engine, input)) return;
  const place = { chatId, newcomers: 1, alsoPresent: false };
  await makePlace(engine, place, (leavers) =>
    changeChat(engine, {
      // As the system: who enters is not in it yet.
      actor: { userId: actor.userId, role: "system" },
      chatId,
      work: async (transaction, chat) => {
        const guest = { userIds: [actor.userId], role: "guest", mutedUntil: FOR_EVER };
        return { result: undefined, bodies: await storeMembers(transaction, { chat, leavers, ...guest }) };
      },
    }),
  );
}

/** Whether the actor is in the chat. */
async function noteVisit(
  engine: Engine,
  { actor, chatId }: { actor: Actor; chatId: string },
): Promise<boolean> {
  const values = [chatId, actor.userId];
  const { rowCount } = await guardDatabase(() => engine.database.pool.query({ ...VISIT, values }));
  return rowCount !== 0;
}
