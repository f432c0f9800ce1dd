import { type Actor, ParleyError } from "@parley/contracts";
import { recordAudit } from "../audit/record-audit.js";
import { changeChat } from "../database/change-chat.js";
import type { Engine } from "../engine.js";
import { mayManageMembers } from "../policy.js";

const NOBODY_LEAVES = "The two people of this chat can't leave it; close it instead.";

export interface RemoveMemberInput {
  actor: Actor;
  chatId: string;
  userId: string;
}

/**
 * Takes a member out of a group, or lets one leave. From the commit on they read and receive nothing more.
 * Refuses: chat_not_found, forbidden, not_a_group (the two sides of an order or a pair stay), member_not_found.
 */
export async function removeMember(engine: Engine, input: RemoveMemberInput): Promise<void> {
  await changeChat(engine, {
    actor: input.actor,
    chatId: input.chatId,
    work: async (transaction, chat) => {
      if (input.userId !== input.actor.userId && !mayManageMembers(input.actor, chat.membership)) {
        throw new ParleyError("forbidden");
      }
      if (chat.type !== "group") throw new ParleyError("not_a_group", { message: NOBODY_LEAVES });
      const { count } = await transaction.member.updateMany({
        where: { chatId: chat.id, userId: input.userId, leftAt: null },
        data: { leftAt: chat.now, rev: chat.takeRev() },
      });
      if (count === 0) throw new ParleyError("member_not_found");
      await transaction.chat.update({
        where: { id: chat.id },
        data: { memberCount: { decrement: 1 } },
        select: { id: true },
      });
      await recordAudit(transaction, [removalRecord(input)]);
      return {
        result: undefined,
        bodies: [{ name: "member.removed", userId: input.userId }],
        also: [input.userId],
      };
    },
  });
}

function removalRecord({ actor, chatId, userId }: RemoveMemberInput) {
  const action = actor.userId === userId ? "member.left" : "member.removed";
  return { actor, action, subject: { kind: "user", id: userId }, detail: { chat_id: chatId } } as const;
}
