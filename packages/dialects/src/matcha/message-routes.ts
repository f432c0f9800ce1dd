import { listMessages } from "@parley/engine";
import type { Caller } from "../caller.js";
import type { DialectRoute, RouteAnswer, RouteRequest } from "../dialect-route.js";
import { readInput } from "../read-input.js";
import { succeed } from "./envelope.js";
import { findConversation, findOwnMessage } from "./find-conversation.js";
import {
  idShape,
  messagePageShape,
  reactionPathShape,
  reactionShape,
  sendBodyShape,
} from "./input-shapes.js";
import { BASE_PATH } from "./paths.js";
import { presentMessage, presentReactions, presentSent } from "./present-message.js";
import { react } from "./react.js";
import { sendText } from "./send-text.js";

export const messageRoutes: readonly DialectRoute[] = [
  { method: "get", path: `${BASE_PATH}/conversations/:id/messages`, handle: list },
  { method: "post", path: `${BASE_PATH}/messages`, handle: send },
  { method: "post", path: `${BASE_PATH}/reactions`, handle: addReaction },
  { method: "get", path: `${BASE_PATH}/messages/:id/reactions`, handle: listReactions },
  { method: "delete", path: `${BASE_PATH}/messages/:id/reactions/:emoji`, handle: removeReaction },
];

async function list(caller: Caller, { params, query }: RouteRequest): Promise<RouteAnswer> {
  const { limit, offset } = readInput(messagePageShape, query);
  const conversation = await findConversation(caller, readInput(idShape, params).id);
  const { messages, hasMore, total } = await listMessages(caller.engine, {
    actor: caller.identity,
    chatId: conversation.chatId,
    limit,
    position: { offset },
  });
  const shown = messages.map((message) => presentMessage(message, conversation));
  return succeed({ messages: shown, has_more: hasMore, total });
}

async function send(caller: Caller, { body }: RouteRequest): Promise<RouteAnswer> {
  const { conversation_id: to, message: content, client_id: clientId } = readInput(sendBodyShape, body);
  const { message, conversation } = await sendText(caller, { to, content, clientId });
  const recipients = conversation.pair.filter((userId) => userId !== caller.identity.userId);
  const presence = await caller.ports.readPresence(recipients);
  return succeed(
    {
      message: presentSent(message, conversation),
      delivered: presence.some(({ status }) => status !== "offline"),
      recipients: recipients.map(Number),
    },
    201,
  );
}

async function addReaction(caller: Caller, { body }: RouteRequest): Promise<RouteAnswer> {
  const { message_id: to, emoji } = readInput(reactionShape, body);
  const { message } = await react(caller, { to, emoji, remove: false });
  return succeed(presentReactions(message), 201);
}

async function removeReaction(caller: Caller, { params }: RouteRequest): Promise<RouteAnswer> {
  const { id: to, emoji } = readInput(reactionPathShape, params);
  const { message } = await react(caller, { to, emoji, remove: true });
  return succeed(presentReactions(message));
}

async function listReactions(caller: Caller, { params }: RouteRequest): Promise<RouteAnswer> {
  const { message } = await findOwnMessage(caller, readInput(idShape, params).id);
  return succeed(presentReactions(message));
}
