import { announceInChat, type Engine } from "@parley/engine";
import type { Viewing } from "@parley/platform";
import type { LiveConnection } from "./live-connection.js";

export interface ViewParts {
  engine: Engine;
  viewing: Viewing;
  connection: Pick<LiveConnection, "userId" | "actor" | "open" | "viewing">;
}

/** The connection has the chat open from now on, and the others in it are told. Refuses: chat_not_found. */
export async function openChatView(
  { engine, viewing, connection }: ViewParts,
  chatId: string,
): Promise<void> {
  if (!connection.open || connection.viewing.has(chatId)) return;
  const { actor } = connection;
  const at = engine.clock().toISOString();
  connection.viewing.add(chatId);
  try {
    await announceInChat(engine, { actor, chatId, body: { name: "viewer.joined", ...actor, at } });
  } catch (error) {
    // An outsider has nothing open.
    connection.viewing.delete(chatId);
    throw error;
  }
  // The client may have gone meanwhile, or have closed the chat.
  if (connection.open && connection.viewing.has(chatId)) {
    viewing.opened({ userId: connection.userId, place: chatId });
  }
}

/** The connection has the chat open no more. Refuses: chat_not_found. */
export async function closeChatView(
  { engine, viewing, connection }: ViewParts,
  chatId: string,
): Promise<void> {
  if (!connection.viewing.delete(chatId)) return;
  const { actor } = connection;
  viewing.closed({ userId: connection.userId, place: chatId });
  const at = engine.clock().toISOString();
  await announceInChat(engine, { actor, chatId, body: { name: "viewer.left", ...actor, at } });
}
