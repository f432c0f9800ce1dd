import { type Actor, ParleyError } from "@parley/contracts";
import { recordAudit } from "../audit/record-audit.js";
import type { ChatMember } from "../chats/chat.js";
import { changeChat } from "../database/change-chat.js";
import type { Engine } from "../engine.js";
import { mayManageMembers } from "../policy.js";
import { listMembers } from "./list-members.js";
import { makePlace } from "./make-place.js";
import { storeMembers } from "./store-members.js";

export interface AddMembersInput {
  actor: Actor;
  chatId: string;
  userIds: string[];
}

/**
 * Adds people to a group; those who are in it already stay as they are, but for guests, who become members like the others. They have the
 * live stream from the commit on. In a full chat, guests make place for them.
 * Refuses: chat_not_found, forbidden, not_a_group, too_many_members.
 */
export async function addMembers(engine: Engine, input: AddMembersInput): Promise<ChatMember[]> {
  const { actor, chatId } = input;
  const userIds = [...new Set(input.userIds)];
  const place = { chatId, newcomers: userIds.length, alsoPresent: true };
  await makePlace(engine, place, (leavers) =>
    changeChat(engine, {
      actor,
      chatId,
      work: async (transaction, chat) => {
        if (!mayManageMembers(actor, chat.membership)) throw new ParleyError("forbidden");
        if (chat.type !== "group") throw new ParleyError("not_a_group");
        const bodies = await storeMembers(transaction, { chat, userIds, role: "member", leavers });
        const added = bodies.flatMap((body) => (body.name === "member.added" ? [body.userId] : []));
        await recordAudit(
          transaction,
          added.map((id) => ({
            actor,
            action: "member.added",
            subject: { kind: "user", id },
            detail: { chat_id: chatId },
          })),
        );
        return { result: undefined, bodies };
      },
    }),
  );
  return listMembers(engine, input);
}
