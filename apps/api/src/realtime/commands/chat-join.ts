import { announceInChat, listMessages } from "@parley/engine";
import { presentMessage } from "../../native/present-message.js";
import { frame } from "../outbound.js";
import type { CommandHandler } from "./command-context.js";

const HISTORY_MESSAGES = 50;
const CATCH_UP_MESSAGES = 200;

export const chatJoin: CommandHandler<"join_chat"> = async (
  { engine, connection, viewing },
  { chatId, afterSeq },
) => {
  const { actor } = connection;
  // The member is in the live audience already (since connecting), so what is read here leaves no hole before what arrives live.
  const page = await listMessages(engine, {
    actor,
    chatId,
    ...(afterSeq === undefined
      ? { limit: HISTORY_MESSAGES, position: { page: 1 } }
      : { limit: CATCH_UP_MESSAGES, position: { afterSeq } }),
  });
  const history = { chatId, messages: page.messages.map(presentMessage), hasMore: page.hasMore };
  connection.deliver(frame("chat_history", history));
  if (connection.open && !connection.viewing.has(chatId)) {
    connection.viewing.add(chatId);
    viewing.opened({ userId: connection.userId, place: chatId });
    const at = engine.clock().toISOString();
    await announceInChat(engine, { actor, chatId, body: { name: "viewer.joined", ...actor, at } });
  }
  return history;
};
