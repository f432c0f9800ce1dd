import { type ChangeBody, LIMITS, ParleyError } from "@parley/contracts";
import type { LockedChat } from "../database/change-chat.js";
import type { Transaction } from "../database/transaction.js";

export interface NewMembers {
  chat: LockedChat;
  userIds: string[];
  role: string;
  /** Until when they want no pushes of the chat; left out: they want them. */
  mutedUntil?: Date;
}

/** Makes people members of a locked chat; those who are in it already stay as they are. Refuses: too_many_members. */
export async function storeMembers(transaction: Transaction, input: NewMembers): Promise<ChangeBody[]> {
  const { chat, role, mutedUntil = null } = input;
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
        role,
        mutedUntil,
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
