import { ParleyError } from "@parley/contracts";
import { type ChatFacts, enterChat, rememberUser } from "@parley/engine";
import type { Caller } from "../caller.js";
import { readIntegerId } from "../integer-ids.js";

/** The room of a number. Throws chat_not_found, for other chats too. */
export async function findRoom({ engine }: Caller, number: unknown): Promise<ChatFacts> {
  const id = readIntegerId(number);
  if (id === undefined) throw new ParleyError("chat_not_found");
  const chat = await engine.chatFacts.readByNumber(id);
  if (!chat.isOpen) throw new ParleyError("chat_not_found");
  return chat;
}

/** Finds a room, and makes the caller a member of it. Throws chat_not_found, too_many_members. */
export async function enterRoom(caller: Caller, number: unknown): Promise<ChatFacts> {
  const { engine, identity } = caller;
  const room = await findRoom(caller, number);
  // Other nodes read who this is as soon as they hear of them.
  await rememberUser(engine, identity);
  await enterChat(engine, { actor: identity, chatId: room.id });
  return room;
}
