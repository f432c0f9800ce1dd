import { addMembers, listMembers, removeMember } from "@parley/engine";
import { presentMember } from "../../native/present-chat.js";
import type { Handlers } from "./handler.js";

export const memberHandlers = {
  listMembers: async ({ engine, actor }, { params }) => {
    const members = await listMembers(engine, { actor, chatId: params.id });
    return { members: members.map(presentMember) };
  },

  addMembers: async ({ engine, actor }, { params, body }) => {
    const members = await addMembers(engine, { actor, chatId: params.id, userIds: body.user_ids });
    return { members: members.map(presentMember) };
  },

  removeMember: async ({ engine, actor }, { params }) => {
    await removeMember(engine, { actor, chatId: params.id, userId: params.user_id });
    return undefined;
  },
} satisfies Partial<Handlers>;
