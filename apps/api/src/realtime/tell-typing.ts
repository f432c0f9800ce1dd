import { announceInChat, assertAccess, type Engine } from "@parley/engine";
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
  else await stopTyping(parts, chatId);
}

/** Tells the others that the user has stopped, if they were told of a start. Refuses: chat_not_found. */
export async function stopTyping(parts: TypingParts, chatId: string): Promise<void> {
  const { connection, engine, typing } = parts;
  const typist = { actor: connection.actor, chatId };
  const wasTold = await typing.stop(connection.id, typist, () => tell(parts, { chatId, action: "stop" }));
  // Outsiders are refused, whether or not there was anything to tell.
  if (!wasTold) await assertAccess(engine, { actor: connection.actor, chatId });
}

async function tell(
  { engine, connection }: TypingParts,
  { chatId, action }: { chatId: string; action: "start" | "stop" },
): Promise<void> {
  const { actor } = connection;
  const at = engine.clock().toISOString();
  await announceInChat(engine, { actor, chatId, body: { name: "typing.changed", ...actor, action, at } });
}
