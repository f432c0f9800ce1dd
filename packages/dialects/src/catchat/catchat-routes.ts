import { externalId, LIMITS } from "@parley/contracts";
import {
  type ChatFacts,
  type ChatSummary,
  findDirectChat,
  findPeople,
  listChats,
  listMessages,
} from "@parley/engine";
import { z } from "zod";
import type { Caller } from "../caller.js";
import type { DialectRoute, RouteRequest } from "../dialect-route.js";
import { readInput } from "../read-input.js";
import { actingFor } from "./acting-for.js";
import { TO_GROUP, TO_PERSON } from "./message-kinds.js";
import { isPersonal, otherOf, presentMessage } from "./present-message.js";
import { groupByName, sendCatchatMessage } from "./send-catchat-message.js";

/** A list that is shown once has time to ask for names. */
const NAMES_PATIENCE_MS = 500;

const page = {
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  pageSize: z.coerce
    .number()
    .int()
    .min(1)
    .default(20)
    .transform((size) => Math.min(size, LIMITS.pageRows)),
};

const conversationsQuery = z.object({ account: externalId, ...page });

const messagesQuery = z.object({
  Account: externalId,
  ToAccount: externalId.optional(),
  MessageType: z.coerce
    .number()
    .pipe(z.literal([TO_PERSON, TO_GROUP]))
    .default(TO_PERSON),
  ...page,
});

export const catchatRoutes: readonly DialectRoute[] = [
  { method: "get", path: "/api/chat/conversations", handle: listConversations },
  { method: "get", path: "/api/chat/messages/:sessionId", handle: listSession },
  {
    method: "post",
    path: "/api/chat/messages",
    handle: async (caller, { body }) => {
      const { message, chat } = await sendCatchatMessage(caller, body);
      return { status: 200, body: { code: 0, data: presentMessage(message, chat) } };
    },
  },
];

async function listConversations(caller: Caller, { query }: RouteRequest) {
  const { engine } = caller;
  const input = readInput(conversationsQuery, query);
  const actor = actingFor(caller, { account: input.account, field: "account" });
  const { chats, total } = await listChats(engine, { actor, page: input.page, limit: input.pageSize });
  const facts = await engine.chatFacts.readAll(chats.map(({ id }) => id));
  const others = [...facts.values()].filter(isPersonal).map((chat) => otherOf(chat, actor.userId));
  const people = await findPeople(engine, others, { patienceMs: NAMES_PATIENCE_MS });
  const list = chats.flatMap((chat) => {
    const known = facts.get(chat.id);
    if (known === undefined) return [];
    const session = isPersonal(known) ? otherOf(known, actor.userId) : String(known.number);
    const person = isPersonal(known) ? people.get(session) : undefined;
    return [presentSession({ chat, facts: known, session, person })];
  });
  return {
    status: 200,
    body: { code: 0, data: { list, total, page: input.page, pageSize: input.pageSize } },
  };
}

function presentSession(of: {
  chat: ChatSummary;
  facts: ChatFacts;
  session: string;
  person: { name: string | null; picture: string | null } | undefined;
}) {
  const { chat, facts, session, person } = of;
  const last = chat.lastMessage === null ? undefined : presentMessage(chat.lastMessage, facts);
  return {
    sessionId: session,
    account: session,
    nickname: isPersonal(facts) ? (person?.name ?? session) : (chat.name ?? session),
    avatar: person?.picture ?? "",
    messageType: isPersonal(facts) ? TO_PERSON : TO_GROUP,
    lastMessage: last?.content ?? "",
    lastTime: last?.createAt ?? chat.createdAt,
    unread: chat.unreadCount,
  };
}

async function listSession(caller: Caller, { params, query }: RouteRequest) {
  const { engine } = caller;
  const input = readInput(messagesQuery.extend({ sessionId: externalId }), { ...query, ...params });
  const actor = actingFor(caller, { account: input.Account, field: "Account" });
  const chat = await sessionOf({ ...caller, identity: actor }, input);
  // Nobody has said anything yet: the session begins with the first message.
  if (chat === null) return { status: 200, body: { code: 0, data: { list: [], total: 0 } } };
  const { messages, total } = await listMessages(engine, {
    actor,
    chatId: chat.id,
    limit: input.pageSize,
    position: { page: input.page },
  });
  const list = messages.map((message) => presentMessage(message, chat));
  return { status: 200, body: { code: 0, data: { list, total } } };
}

async function sessionOf(
  caller: Caller,
  input: { sessionId: string; MessageType: number },
): Promise<ChatFacts | null> {
  const { engine, identity } = caller;
  if (input.MessageType === TO_GROUP) return groupByName(caller, input.sessionId);
  const chatId = await findDirectChat(engine, { actor: identity, userId: input.sessionId });
  return chatId === null ? null : engine.chatFacts.read(chatId);
}
