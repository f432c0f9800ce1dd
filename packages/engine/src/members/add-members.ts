import { type Actor, ParleyError } from "@parley/contracts";
import type { ChatMember } from "../chats/chat.js";
import { changeChat } from "../database/change-chat.js";
import type { Engine } from "../engine.js";
import { mayManageMembers } from "../policy.js";
import { listMembers } from "./list-members.js";
import { storeMembers } from "./store-members.js";

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
      return {
        result: undefined,
        bodies: await storeMembers(transaction, { chat, userIds, role: "member" }),
      };
    },
  });
  return listMembers(engine, input);
}
