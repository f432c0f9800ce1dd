import { type Actor, type ChangeBody, LIMITS, ParleyError } from "@parley/contracts";
import type { ChatMember } from "../chats/chat.js";
import { changeChat, type LockedChat } from "../database/change-chat.js";
import type { Transaction } from "../database/transaction.js";
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
  await changeChat(engine, {
    actor: input.actor,
    chatId: input.chatId,
    work: async (transaction, chat) => {
      if (!mayManageMembers(input.actor, chat.membership)) throw new ParleyError("forbidden");
      if (chat.type !== "group") throw new ParleyError("not_a_group");
      const userIds = [...new Set(input.userIds)];
      return { result: undefined, bodies: await addRows(transaction, { chat, userIds }) };
    },
  });
  return listMembers(engine, input);
}

async function addRows(
  transaction: Transaction,
  input: { chat: LockedChat; userIds: string[] },
): Promise<ChangeBody[]> {
  const { chat } = input;
  const present = await transaction.member.findMany({
    where: { chatId: chat.id, userId: { in: input.userIds } },
    select: { userId: true, leftAt: true },
  });
  const inside = new Set(present.flatMap((member) => (member.leftAt === null ? [member.userId] : [])));
  const added = input.userIds.filter((userId) => !inside.has(userId));
  if (added.length === 0) return [];
  if (chat.memberCount + added.length > LIMITS.groupMembers) throw new ParleyError("too_many_members");
  // One row per revision, so that catching up tells of each; former members come back with a new row.
  const former = present.flatMap((member) => (member.leftAt === null ? [] : [member.userId]));
  await transaction.member.deleteMany({ where: { chatId: chat.id, userId: { in: former } } });
  await transaction.member.createMany({
    data: added.map((userId) => {
      const rev = chat.takeRev();
      // What was said before they came does not count as unread.
      const positions = { readSeq: chat.lastSeq, deliveredSeq: chat.lastSeq };
      return {
        chatId: chat.id,
        userId,
        role: "member",
        joinedAt: chat.now,
        joinedRev: rev,
        joinedSeq: chat.lastSeq,
        rev,
        ...positions,
      };
    }),
  });
  const memberCount = { increment: added.length };
  await transaction.chat.update({ where: { id: chat.id }, data: { memberCount }, select: { id: true } });
  return added.map((userId) => ({ name: "member.added", userId }));
}
