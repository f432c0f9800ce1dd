import { LIMITS, ParleyError } from "@parley/contracts";
import {
  type ChatRequest,
  createChat,
  type Engine,
  getChat,
  getTotalUnread,
  listChats,
  markAllRead,
} from "@parley/engine";
import type { z } from "zod";
import type { Caller } from "../caller.js";
import type { DialectRoute } from "../dialect-route.js";
import { readInput } from "../read-input.js";
import { findChat } from "./find-chat.js";
import { chatPageShape, createChatShape } from "./input-shapes.js";
import { namePeople } from "./name-people.js";
import { BASE_PATH } from "./paths.js";
import { presentParticipant } from "./present-chat.js";
import { viewChats } from "./view-chats.js";

export const chatRoutes: readonly DialectRoute[] = [
  {
    method: "get",
    path: `${BASE_PATH}/chats`,
    handle: async (caller, { query }) => {
      const { page, per_page: limit } = readInput(chatPageShape, query);
      const { chats, total } = await listChats(caller.engine, { actor: caller.identity, page, limit });
      return { status: 200, body: { chats: await viewChats(caller, chats), total } };
    },
  },
  {
    method: "post",
    path: `${BASE_PATH}/chats`,
    handle: async (caller, { body }) => {
      const request = await chatRequest(caller, readInput(createChatShape, body));
      const chat = await createChat(caller.engine, { actor: caller.identity, request });
      return { status: 201, body: (await viewChats(caller, [chat]))[0] };
    },
  },
  {
    method: "get",
    path: `${BASE_PATH}/chats/:id`,
    handle: async (caller, { params }) => {
      const { id: chatId } = await findChat(caller, params);
      const chat = await getChat(caller.engine, { actor: caller.identity, chatId });
      const [shape] = await viewChats(caller, [chat]);
      return { status: 200, body: { ...shape, participants: chat.members.map(presentParticipant) } };
    },
  },
  {
    method: "put",
    path: `${BASE_PATH}/chats/:id/read`,
    handle: async ({ engine, identity }, { params }) => {
      const { id: chatId, number } = await findChat({ engine }, params);
      const { unreadCount } = await markAllRead(engine, { actor: identity, chatId });
      return { status: 200, body: { chat_id: number, unread_count: unreadCount } };
    },
  },
  {
    method: "get",
    path: `${BASE_PATH}/unread-count`,
    handle: async ({ engine, identity }) => ({
      status: 200,
      body: { unread_count: await getTotalUnread(engine, { actor: identity }) },
    }),
  },
];

/** What somebody asks for who names people: without a type, one other person and no name are a private chat. */
async function chatRequest(
  { engine, identity }: Caller,
  { name, type, participant_ids: ids }: z.output<typeof createChatShape>,
): Promise<ChatRequest> {
  const others = [...new Set(ids.map(String))].filter((id) => id !== identity.userId);
  const [other] = others;
  const isPrivate = type === "private" || (!type && others.length === 1 && name === undefined);
  if (!isPrivate) {
    const given = name ?? (await nameOfGroup(engine, [identity.userId, ...others]));
    return { type: "group", name: given, memberIds: others };
  }
  if (other !== undefined && others.length === 1) return { type: "direct", userId: other };
  const errors = [{ path: "participant_ids", message: "must name exactly one other person" }];
  throw new ParleyError("invalid_input", { errors });
}

const NAMED_PEOPLE = 3;

/** A group that nobody has named is called after the first of its people. */
async function nameOfGroup(engine: Engine, userIds: readonly string[]): Promise<string> {
  const first = userIds.slice(0, NAMED_PEOPLE);
  const names = first.map(await namePeople(engine, first)).join(", ");
  return [...names].slice(0, LIMITS.nameLength).join("");
}
