import { announceInChat, type Engine } from "@parley/engine";
import type { LiveConnection } from "./live-connection.js";
import type { Typing } from "./typing.js";

export interface TypingParts {
  engine: Engine;
  typing: Typing;
  connection: Pick<LiveConnection, "id" | "actor" | "open">;
}

/** Tells the others in a chat that the connection's user types; ends by itself when it is not repeated. Refuses: chat_not_found. */
export async function startTyping(parts: TypingParts, chatId: string): Promise<void> {
  const { connection, typing } = parts;
  const typist = { actor: connection.actor, chatId };
  // First the announcement: it refuses outsiders.
  await typing.announce(typist, () => tell(parts, { chatId, action: "start" }));
  if (connection.open) typing.start(connection.id, typist);
  else typing.stop(connection.id, typist);
}

/** Tells the others that the user has stopped. Refuses: chat_not_found. */
export async function stopTyping(parts: TypingParts, chatId: string): Promise<void> {
  const { connection, typing } = parts;
  const typist = { actor: connection.actor, chatId };
  // First, so that a start that follows at once is told.
  const typed = typing.stop(connection.id, typist);
  try {
    await tell(parts, { chatId, action: "stop" });
  } catch (error) {
    // Nobody was told: the start then ends by itself.
    if (typed && connection.open) typing.start(connection.id, typist);
    throw error;
  }
}

async function tell(
  { engine, connection }: TypingParts,
  { chatId, action }: { chatId: string; action: "start" | "stop" },
): Promise<void> {
  const { actor } = connection;
  const at = engine.clock().toISOString();
  await announceInChat(engine, { actor, chatId, body: { name: "typing.changed", ...actor, action, at } });
}
