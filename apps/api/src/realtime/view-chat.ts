import { announceInChat, assertAccess, type Engine } from "@parley/engine";
import type { RoomPresence, Viewing } from "@parley/platform";
import type { LiveConnection } from "./live-connection.js";

export interface ViewParts {
  engine: Engine;
  viewing: Viewing;
  visitors: RoomPresence;
  connection: Pick<LiveConnection, "id" | "userId" | "actor" | "open" | "viewing">;
}

/**
 * The connection has the chat open from now on, and the others in it are told; in an open chat only of a user's first connection in the
 * whole cluster. Refuses: chat_not_found.
 */
export async function openChatView(parts: ViewParts, chatId: string): Promise<void> {
  const { viewing, visitors, connection } = parts;
  if (!connection.open || connection.viewing.has(chatId)) return;
  const { id, userId } = connection;
  // Both at once: whoever closes, or goes while the others are told, takes back exactly what was noted.
  connection.viewing.add(chatId);
  viewing.opened({ userId, place: chatId });
  let isVisit: boolean;
  try {
    isVisit = await tellOpened(parts, chatId);
  } catch (error) {
    // An outsider has nothing open.
    if (connection.viewing.delete(chatId)) viewing.closed({ userId, place: chatId });
    throw error;
  }
  // The client may have gone meanwhile, or have closed the chat.
  if (!connection.open || !connection.viewing.has(chatId)) return;
  if (isVisit) visitors.entered({ room: chatId, userId }, id);
}

/** Whether the chat is an open one, whose visitors are told of for the whole cluster. */
async function tellOpened({ engine, connection }: ViewParts, chatId: string): Promise<boolean> {
  const { actor } = connection;
  const { isOpen } = await engine.chatFacts.read(chatId);
  if (isOpen) {
    await assertAccess(engine, { actor, chatId });
  } else {
    const at = engine.clock().toISOString();
    await announceInChat(engine, { actor, chatId, body: { name: "viewer.joined", ...actor, at } });
  }
  return isOpen;
}

/** The connection has the chat open no more. Refuses: chat_not_found. */
export async function closeChatView(parts: ViewParts, chatId: string): Promise<void> {
  const { engine, connection } = parts;
  if (!connection.viewing.delete(chatId)) return;
  if (leaveChatView(parts, chatId)) return;
  const { actor } = connection;
  const at = engine.clock().toISOString();
  await announceInChat(engine, { actor, chatId, body: { name: "viewer.left", ...actor, at } });
}

interface LeavingParts extends Pick<ViewParts, "engine" | "viewing" | "visitors"> {
  connection: Pick<LiveConnection, "id" | "userId">;
}

/** Counts the connection out. Whether that was all: visitors of open chats are told of for the whole cluster. */
export function leaveChatView(parts: LeavingParts, chatId: string): boolean {
  const { engine, viewing, visitors, connection } = parts;
  const { id, userId } = connection;
  viewing.closed({ userId, place: chatId });
  const wasIn = visitors.left({ room: chatId, userId }, id);
  // Who goes while they are still on their way in has not been told of.
  return wasIn || engine.chatFacts.get(chatId)?.isOpen === true;
}
