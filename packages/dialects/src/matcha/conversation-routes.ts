import { ParleyError } from "@parley/contracts";
import {
  type ChatSummary,
  createChat,
  findPeople,
  getChat,
  listIntegerPairs,
  markAllRead,
} from "@parley/engine";
import type { Caller } from "../caller.js";
import type { DialectRoute, RouteAnswer, RouteRequest } from "../dialect-route.js";
import { isIntegerId } from "../integer-ids.js";
import { readInput } from "../read-input.js";
import { succeed } from "./envelope.js";
import { type Conversation, findConversation } from "./find-conversation.js";
import { conversationPageShape, idShape, personShape } from "./input-shapes.js";
import { BASE_PATH } from "./paths.js";
import { otherOf, presentConversation } from "./present-conversation.js";

const LIST = `${BASE_PATH}/conversations`;

export const conversationRoutes: readonly DialectRoute[] = [
  { method: "get", path: LIST, handle: list },
  { method: "post", path: LIST, handle: create },
  { method: "get", path: `${LIST}/:id`, handle: getOne },
  { method: "put", path: `${LIST}/:id`, handle: markRead },
  { method: "put", path: `${LIST}/:id/read`, handle: markRead },
];

async function list({ engine, identity }: Caller, { query }: RouteRequest): Promise<RouteAnswer> {
  const page = readInput(conversationPageShape, query);
  const chats = await listIntegerPairs(engine, { actor: identity, ...page });
  // Integers of 16 digits end somewhere, too.
  const shown = chats.filter(({ pair }) => pair.every(isIntegerId));
  const { userId } = identity;
  const people = await findPeople(
    engine,
    shown.map(({ pair }) => otherOf(pair, userId)),
  );
  return succeed(
    shown.map((chat) => presentConversation(chat, { pair: chat.pair, viewerId: userId, people })),
  );
}

async function getOne(caller: Caller, { params }: RouteRequest): Promise<RouteAnswer> {
  const conversation = await findConversation(caller, readInput(idShape, params).id);
  const chat = await readOwn(caller, conversation);
  return succeed(await present(caller, { chat, conversation }));
}

async function create(caller: Caller, { body }: RouteRequest): Promise<RouteAnswer> {
  const { engine, identity } = caller;
  const userId = String(readInput(personShape, body).user_id);
  const chat = await createChat(engine, { actor: identity, request: { type: "direct", userId } });
  const conversation = await findConversation(caller, chat.number);
  return succeed(await present(caller, { chat, conversation }), 201);
}

async function markRead({ engine, identity }: Caller, { params }: RouteRequest): Promise<RouteAnswer> {
  const { chatId, number } = await findConversation({ engine }, readInput(idShape, params).id);
  const { unreadCount } = await markAllRead(engine, { actor: identity, chatId });
  return succeed({ conversation_id: number, unread_count: unreadCount });
}

/** Unlike everywhere else, an outsider is told that the conversation is there: the seed's clients rely on it. */
async function readOwn({ engine, identity }: Caller, { chatId }: Conversation): Promise<ChatSummary> {
  try {
    return await getChat(engine, { actor: identity, chatId });
  } catch (error) {
    if (!(error instanceof ParleyError) || error.code !== "chat_not_found") throw error;
    throw new ParleyError("forbidden", { message: "This conversation is between others." });
  }
}

async function present(
  { engine, identity }: Caller,
  { chat, conversation: { pair } }: { chat: ChatSummary; conversation: Conversation },
) {
  const { userId } = identity;
  const people = await findPeople(engine, [otherOf(pair, userId)]);
  return presentConversation(chat, { pair, viewerId: userId, people });
}
