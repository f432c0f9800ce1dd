import { type Actor, type ChangeBody, LIMITS, ParleyError } from "@parley/contracts";
import type { ChatMember } from "../chats/chat.js";
import { accessChat } from "../chats/chat-access.js";
import { changeChat, type LockedChat, type Transaction } from "../database/change-chat.js";
import type { Engine } from "../engine.js";
import { mayManageMembers } from "../policy.js";
import { listMembers } from "./list-members.js";

export interface AddMembersInput {
  actor: Actor;
  chatId: string;
  userIds: string[];
}

/**
 * Adds people to a group; those who are in it already stay as they are. They have the live stream from the commit on.
 * Refuses: chat_not_found, forbidden, not_a_group, too_many_members.
 */
export async function addMembers(engine: Engine, input: AddMembersInput): Promise<ChatMember[]> {
  const { chat, membership } = await accessChat(engine, input);
  if (!mayManageMembers(input.actor, membership)) throw new ParleyError("forbidden");
  if (chat.type !== "group") throw new ParleyError("not_a_group");
  await changeChat(engine, {
    chatId: input.chatId,
    work: async (transaction, locked) => ({
      result: undefined,
      bodies: await addRows({ engine, transaction }, { chat: locked, userIds: [...new Set(input.userIds)] }),
    }),
  });
  return listMembers(engine, input);
}

async function addRows(
  context: { engine: Engine; transaction: Transaction },
  input: { chat: LockedChat; userIds: string[] },
): Promise<ChangeBody[]> {
  const { transaction } = context;
  const { chat } = input;
  const present = await transaction.member.findMany({
    where: { chatId: chat.id, userId: { in: input.userIds }, leftAt: null },
    select: { userId: true },
  });
  const inside = new Set(present.map((member) => member.userId));
  const added = input.userIds.filter((userId) => !inside.has(userId));
  if (chat.memberCount + added.length > LIMITS.groupMembers) throw new ParleyError("too_many_members");
  for (const userId of added) {
    const rev = chat.takeRev();
    const joined = { role: "member", joinedAt: context.engine.clock(), joinedRev: rev, rev };
    // What was said before they came does not count as unread.
    const positions = { readSeq: chat.lastSeq, deliveredSeq: chat.lastSeq };
    await transaction.member.upsert({
      where: { chatId_userId: { chatId: chat.id, userId } },
      create: { chatId: chat.id, userId, ...joined, ...positions },
      update: { ...joined, ...positions, leftAt: null, mutedUntil: null },
    });
  }
  if (added.length > 0) {
    const memberCount = { increment: added.length };
    await transaction.chat.update({ where: { id: chat.id }, data: { memberCount }, select: { id: true } });
  }
  return added.map((userId) => ({ name: "member.added", userId }));
}
