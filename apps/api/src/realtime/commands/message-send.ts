import { draftOf } from "../../native/draft-of.js";
import { presentMessage } from "../../native/present-message.js";
import { sendCounted } from "../../send-counted.js";
import type { CommandHandler } from "./command-context.js";

export const messageSend: CommandHandler<"send_message"> = async (context, { chatId, message }) => {
  const actor = context.connection.identity;
  const sent = await sendCounted(context, { actor, chatId, draft: draftOf(message) });
  return { message: presentMessage(sent.message) };
};
