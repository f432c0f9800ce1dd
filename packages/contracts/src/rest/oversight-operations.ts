import { z } from "zod";
import { externalId, pageLimit, positiveInt, uuid } from "../fields.js";
import { CHAT_STATUSES, CHAT_TYPES } from "./chat-shapes.js";
import type { Operation } from "./operation.js";
import {
  adminChatDetail,
  adminChatPage,
  adminUserDetail,
  adminUserPage,
  engagementResult,
  muteUserBody,
  muteUserResult,
  pushesResult,
  searchText,
} from "./oversight-shapes.js";

const tag = "Operations";
const roles = ["admin"] as const;
const chatParams = z.object({ chat_id: uuid });
const userParams = z.object({ user_id: externalId });
const paging = { cursor: z.string().max(1_000).optional(), limit: pageLimit(50) };

/** A larger ask gets as much as there may be. */
const atMost = (most: number, standard: number) =>
  positiveInt.transform((asked) => Math.min(asked, most)).default(standard);

export const oversightOperations = {
  pushOverview: {
    method: "get",
    path: "/v1/admin/pushes",
    tag,
    summary: "Pushes by push service, and why notifications were not pushed",
    roles,
    query: z.object({ hours: atMost(168, 24) }),
    status: 200,
    result: pushesResult,
  },
  findChats: {
    method: "get",
    path: "/v1/admin/chats",
    tag,
    summary: "All chats, the newest first, or those that a search finds",
    description:
      "A search finds ids by their first 4 characters or more, orders and outside keys by the whole, and titles by how they begin. A page may be short, even empty, and have a `next_cursor` all the same. Never a message's text.",
    roles,
    query: z.object({
      q: searchText.optional(),
      status: z.enum(CHAT_STATUSES).optional(),
      type: z.enum(CHAT_TYPES).optional(),
      user_id: externalId.optional().meta({ description: "Chats that this person is in." }),
      ...paging,
    }),
    status: 200,
    result: adminChatPage,
  },
  inspectChat: {
    method: "get",
    path: "/v1/admin/chats/{chat_id}",
    tag,
    summary: "One chat with its members and its archive",
    roles,
    params: chatParams,
    status: 200,
    result: adminChatDetail,
  },
  findUsers: {
    method: "get",
    path: "/v1/admin/users",
    tag,
    summary: "Everybody who has been here, in the order of their ids, or those whom a search finds",
    description: "A search finds people whose id or name begins with it.",
    roles,
    query: z.object({ q: searchText.optional(), ...paging }),
    status: 200,
    result: adminUserPage,
  },
  inspectUser: {
    method: "get",
    path: "/v1/admin/users/{user_id}",
    tag,
    summary: "One person with their devices and newest notifications",
    roles,
    params: userParams,
    status: 200,
    result: adminUserDetail,
  },
  muteUser: {
    method: "put",
    path: "/v1/admin/users/{user_id}/mute",
    tag,
    summary: "Let a person read, and write nothing, until a time",
    description:
      "Holds on every contract within seconds. What they send, edit or react with is refused as `user_muted`, with the time.",
    roles,
    params: userParams,
    body: muteUserBody,
    status: 200,
    result: muteUserResult,
  },
  engagement: {
    method: "get",
    path: "/v1/admin/engagement",
    tag,
    summary: "Who writes how much, when, and how soon people are answered",
    description: "From numbers that the worker keeps; a minute or so behind.",
    roles,
    query: z.object({ days: atMost(90, 30) }),
    status: 200,
    result: engagementResult,
  },
} as const satisfies Record<string, Operation>;
