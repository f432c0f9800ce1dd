import { startTyping, stopTyping } from "../tell-typing.js";
import type { CommandHandler } from "./command-context.js";

export const typingSet: CommandHandler<"typing_indicator"> = async (context, { chatId, action }) => {
  await (action === "start" ? startTyping(context, chatId) : stopTyping(context, chatId));
  return {};
};
