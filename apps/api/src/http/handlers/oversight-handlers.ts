import {
  findChats,
  findUsers,
  inspectChat,
  inspectUser,
  muteUser,
  pushOverview,
  readEngagement,
} from "@parley/engine";
import {
  presentEngagement,
  presentOverseenChat,
  presentOverseenChatDetail,
  presentOverseenUser,
  presentOverseenUserDetail,
  presentPushes,
} from "../../native/present-overseen.js";
import type { HandlerContext, Handlers } from "./handler.js";

export const oversightHandlers = {
  pushOverview: async ({ engine, actor }, { query }) =>
    presentPushes(await pushOverview(engine, { actor, hours: query.hours })),

  findChats: async ({ engine, actor }, { query }) => {
    const { q: text, user_id: userId, ...rest } = query;
    const { chats, nextCursor } = await findChats(engine, { actor, text, userId, ...rest });
    return { chats: chats.map(presentOverseenChat), next_cursor: nextCursor };
  },

  inspectChat: async ({ engine, actor }, { params }) =>
    presentOverseenChatDetail(await inspectChat(engine, { actor, chatId: params.chat_id })),

  findUsers: async (context, { query }) => {
    const { q: text, ...paging } = query;
    const { users, nextCursor } = await findUsers(context.engine, {
      actor: context.actor,
      text: text?.trim(),
      ...paging,
    });
    const online = await whoIsOnline(
      context,
      users.map(({ id }) => id),
    );
    return {
      users: users.map((user) => presentOverseenUser(user, online.has(user.id))),
      next_cursor: nextCursor,
    };
  },

  inspectUser: async (context, { params }) => {
    const user = await inspectUser(context.engine, { actor: context.actor, userId: params.user_id });
    const online = await whoIsOnline(context, [user.id]);
    return presentOverseenUserDetail(user, online.has(user.id));
  },

  // Belongs into the audit log, with who did it and the reason.
  muteUser: async ({ engine, actor }, { params, body }) => {
    const until = body.until === null ? null : new Date(body.until);
    const { mutedUntil } = await muteUser(engine, {
      actor,
      userId: params.user_id,
      until,
      reason: body.reason,
    });
    return { user_id: params.user_id, muted_until: mutedUntil?.toISOString() ?? null };
  },

  engagement: async ({ engine, actor }, { query }) =>
    presentEngagement(await readEngagement(engine, { actor, days: query.days })),
} satisfies Partial<Handlers>;

async function whoIsOnline({ ports }: HandlerContext, userIds: string[]): Promise<ReadonlySet<string>> {
  const states = await ports.readPresence(userIds);
  return new Set(states.filter(({ status }) => status !== "offline").map(({ userId }) => userId));
}
