import { LIMITS, pageLimit } from "@parley/contracts";
import { createOpenChat, findPeople, getOpenChat, listOpenChats } from "@parley/engine";
import { z } from "zod";
import type { Caller } from "../caller.js";
import type { DialectRoute, RouteRequest } from "../dialect-route.js";
import { integerId, readInput } from "../read-input.js";
import { enterRoom, findRoom } from "./enter-room.js";
import { filledText } from "./filled-text.js";
import { presentHistory, presentMessage } from "./present-message.js";
import { keyOfPost, NAMES_PATIENCE_MS, presentRooms } from "./present-room.js";

/** Messages that a room shows. */
const SHOWN = 50;

const roomsQuery = z.object({
  limit: pageLimit(LIMITS.pageRows),
  before: integerId.optional(),
});
const roomBody = z.object({ name: filledText(LIMITS.nameLength), post_id: integerId });
const messageBody = z.object({ message: filledText(LIMITS.contentCodePoints), room: integerId });

export const gatewayRoutes: readonly DialectRoute[] = [
  { method: "get", path: "/chat/v1/rooms/", handle: listRooms },
  { method: "post", path: "/chat/v1/create-room/", handle: createRoom },
  { method: "get", path: "/chat/v1/room/:room_id/", handle: showRoom },
  { method: "post", path: "/chat/v1/message/", handle: postMessage },
];

async function listRooms(caller: Caller, { query, host }: RouteRequest) {
  const { limit, before } = readInput(roomsQuery, query);
  const chats = await listOpenChats(caller.engine, { limit, before });
  return { status: 200, body: await presentRooms(caller, { chats, host }) };
}

async function createRoom(caller: Caller, { body, host }: RouteRequest) {
  const { name, post_id: postId } = readInput(roomBody, body);
  const { engine, identity } = caller;
  const opening = { actor: identity, name, externalKey: keyOfPost(postId) };
  const { chat, isNew } = await createOpenChat(engine, opening);
  const [room] = await presentRooms(caller, { chats: [chat], host });
  return { status: isNew ? 201 : 200, body: room };
}

async function showRoom(caller: Caller, { params, host }: RouteRequest) {
  const { engine } = caller;
  const { id: chatId } = await findRoom(caller, params.room_id);
  const { chat, messages } = await getOpenChat(engine, { chatId, messages: SHOWN });
  const senders = messages.map(({ senderId }) => senderId);
  const [[room], people] = await Promise.all([
    presentRooms(caller, { chats: [chat], host }),
    findPeople(engine, senders, { patienceMs: NAMES_PATIENCE_MS }),
  ]);
  const shown = messages.map((message) =>
    presentHistory(message, { room: chat.number, person: people.get(message.senderId) }),
  );
  return { status: 200, body: { ...room, chat_messages: shown } };
}

async function postMessage(caller: Caller, { body }: RouteRequest) {
  const { message: content, room } = readInput(messageBody, body);
  const { engine, identity, ports } = caller;
  const chat = await enterRoom(caller, room);
  const draft = { content, type: "text" } as const;
  const { message } = await ports.send({ actor: identity, chatId: chat.id, draft });
  const people = await findPeople(engine, [identity.userId]);
  const known = { room: chat.number, person: people.get(identity.userId) };
  return { status: 201, body: presentMessage(message, known) };
}
