import { type Actor, ParleyError } from "@parley/contracts";
import { changeChat } from "../database/change-chat.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { storeMembers } from "../members/store-members.js";
import { FOR_EVER } from "./mute-chat.js";

/**
 * Makes somebody a member of an open chat: a guest, whom it does not notify until they unmute it. Members stay as they are. They have the
 * live stream from the commit on. Whom the chat is open to is the caller's to know.
 * Refuses: chat_not_found (also of chats that are not open), too_many_members, overloaded.
 */
export async function enterChat(engine: Engine, input: { actor: Actor; chatId: string }): Promise<void> {
  const { chatId, actor } = input;
  const { isOpen } = await engine.chatFacts.read(chatId);
  if (!isOpen) throw new ParleyError("chat_not_found");
  // Nearly everyone has been here before, and must not wait for the chat's lock.
  if (await isMember(engine, input)) return;
  await changeChat(engine, {
    // As the system: who enters is not in it yet.
    actor: { userId: actor.userId, role: "system" },
    chatId,
    work: async (transaction, chat) => {
      const guest = { userIds: [actor.userId], role: "guest", mutedUntil: FOR_EVER };
      return { result: undefined, bodies: await storeMembers(transaction, { chat, ...guest }) };
    },
  });
}

async function isMember(
  engine: Engine,
  { actor, chatId }: { actor: Actor; chatId: string },
): Promise<boolean> {
  const where = { chatId, userId: actor.userId, leftAt: null };
  const row = await guardDatabase(() =>
    engine.database.prisma.member.findFirst({ where, select: { rev: true } }),
  );
  return row !== null;
}
