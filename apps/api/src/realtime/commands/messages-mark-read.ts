import { markRead } from "@parley/engine";
import type { CommandHandler } from "./command-context.js";

export const messagesMarkRead: CommandHandler<"mark_messages_read"> = async (
  { engine, connection },
  input,
) => {
  const position = await markRead(engine, { ...input, actor: connection.actor, connection: connection.id });
  return { chatId: input.chatId, ...position };
};
