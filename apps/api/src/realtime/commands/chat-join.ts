import { listMessages } from "@parley/engine";
import { presentMessage } from "../../native/present-message.js";
import { frame } from "../outbound.js";
import { openChatView } from "../view-chat.js";
import type { CommandHandler } from "./command-context.js";

const HISTORY_MESSAGES = 50;
const CATCH_UP_MESSAGES = 200;

export const chatJoin: CommandHandler<"join_chat"> = async (context, { chatId, afterSeq }) => {
  const { engine, connection } = context;
  // The member is in the live audience already (since connecting), so what is read here leaves no hole before what arrives live.
  const page = await listMessages(engine, {
    actor: connection.actor,
    chatId,
    ...(afterSeq === undefined
      ? { limit: HISTORY_MESSAGES, position: { page: 1 } }
      : { limit: CATCH_UP_MESSAGES, position: { afterSeq } }),
  });
  const history = { chatId, messages: page.messages.map(presentMessage), hasMore: page.hasMore };
  connection.deliver(frame("chat_history", history));
  await openChatView(context, chatId);
  return history;
};
