import { closeChatView } from "../view-chat.js";
import type { CommandHandler } from "./command-context.js";

export const chatLeave: CommandHandler<"leave_chat"> = async (context, { chatId }) => {
  await closeChatView(context, chatId);
  return { chatId };
};
