import { markDelivered } from "@parley/engine";
import type { CommandHandler } from "./command-context.js";

export const messagesMarkDelivered: CommandHandler<"mark_delivered"> = async (
  { engine, connection },
  input,
) => {
  const { actor, id } = connection;
  return { chatId: input.chatId, ...(await markDelivered(engine, { ...input, actor, connection: id })) };
};
