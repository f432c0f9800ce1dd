import { type ChangeBody, LIMITS, ParleyError } from "@parley/contracts";
import type { LockedChat } from "../database/change-chat.js";
import type { Transaction } from "../database/transaction.js";
import type { Leavers } from "./make-place.js";

export interface NewMembers {
  chat: LockedChat;
  userIds: string[];
  role: string;
  /** Until when they want no pushes of the chat; left out: they want them. */
  mutedUntil?: Date | undefined;
  /** Guests who make place where the chat is full. */
  leavers?: Leavers;
}

/** How long the row of a guest who is out stays, for nodes that have missed it. */
const FORMER_GUESTS_KEPT = "1 day";

/**
 * Makes people members of a locked chat; those who are in it already stay as they are, but for guests who become more than that.
 * Refuses: too_many_members.
 */
export async function storeMembers(transaction: Transaction, input: NewMembers): Promise<ChangeBody[]> {
  const { chat, role, mutedUntil = null } = input;
  const known = await transaction.member.findMany({
    where: { chatId: chat.id, userId: { in: input.userIds } },
    select: { userId: true, leftAt: true, role: true },
  });
  const inside = known.filter(({ leftAt }) => leftAt === null);
  const promoted = role === "guest" ? [] : inside.filter((member) => member.role === "guest");
  const staying = new Set(inside.filter((member) => !promoted.includes(member)).map(({ userId }) => userId));
  const added = input.userIds.filter((userId) => !staying.has(userId));
  if (added.length === 0) return [];
  const growth = added.length - promoted.length;
  const removed = await removeGuests(transaction, { ...input, growth });
  // One row per revision, so that catching up tells of each; who was known comes back with a new row.
  await transaction.member.deleteMany({ where: { chatId: chat.id, userId: { in: added } } });
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
  const memberCount = { increment: growth - removed.length };
  await transaction.chat.update({ where: { id: chat.id }, data: { memberCount }, select: { id: true } });
  return [...removed, ...added.map((userId): ChangeBody => ({ name: "member.added", userId }))];
}

/** Takes guests out of a chat that would grow past its limit. Refuses: too_many_members. */
async function removeGuests(
  transaction: Transaction,
  { chat, userIds, leavers, growth }: NewMembers & { growth: number },
): Promise<ChangeBody[]> {
  const missing = chat.memberCount + growth - LIMITS.groupMembers;
  if (missing <= 0) return [];
  // Under the lock: some may have gone meanwhile, or have become more than guests.
  const guests = await transaction.member.findMany({
    where: {
      chatId: chat.id,
      leftAt: null,
      role: "guest",
      userId: { in: [...(leavers?.absent ?? []), ...(leavers?.present ?? [])], notIn: userIds },
    },
    select: { userId: true },
  });
  const removable = new Set(guests.map(({ userId }) => userId));
  const absent = leavers?.absent.filter((userId) => removable.has(userId)) ?? [];
  const present = leavers?.present.filter((userId) => removable.has(userId)) ?? [];
  if (absent.length + present.length < missing) throw new ParleyError("too_many_members");
  const gone = [...absent, ...present.slice(0, Math.max(0, missing - absent.length))];
  const revs = gone.map(() => chat.takeRev());
  await transaction.$executeRaw`
    UPDATE members m SET left_at = ${chat.now}, rev = g.rev
    FROM unnest(${gone}::text[], ${revs}::int[]) AS g(user_id, rev)
    WHERE m.chat_id = ${chat.id}::uuid AND m.user_id = g.user_id`;
  await transaction.$executeRaw`
    DELETE FROM members WHERE chat_id = ${chat.id}::uuid AND role = 'guest'
      AND left_at < ${chat.now}::timestamptz - ${FORMER_GUESTS_KEPT}::interval`;
  return gone.map((userId) => ({ name: "member.removed", userId }));
}
