import { announceInChat } from "@parley/engine";
import type { CommandHandler } from "./command-context.js";

export const typingSet: CommandHandler<"typing_indicator"> = async (context, { chatId, action }) => {
  const { engine, connection, typing } = context;
  const { actor } = connection;
  const at = engine.clock().toISOString();
  // First the announcement: it refuses outsiders.
  await announceInChat(engine, { actor, chatId, body: { name: "typing.changed", ...actor, action, at } });
  if (!connection.open) return {};
  if (action === "start") typing.start(connection.id, { actor, chatId });
  else typing.stop(connection.id, chatId);
  return {};
};
