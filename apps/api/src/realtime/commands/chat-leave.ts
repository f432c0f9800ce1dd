import { announceInChat } from "@parley/engine";
import type { CommandHandler } from "./command-context.js";

export const chatLeave: CommandHandler<"leave_chat"> = async (
  { engine, connection, viewing },
  { chatId },
) => {
  const { actor } = connection;
  const at = engine.clock().toISOString();
  const left = { name: "viewer.left", ...actor, at } as const;
  if (connection.viewing.delete(chatId)) {
    viewing.closed({ userId: connection.userId, place: chatId });
    await announceInChat(engine, { actor, chatId, body: left });
  }
  return { chatId };
};
