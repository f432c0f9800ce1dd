import { z } from "zod";
import { nonNegativeInt, uuid } from "../fields.js";
import { messageShape } from "../rest/message-shapes.js";
import type { Command } from "./command.js";

export const chatJoin = {
  summary: "Open a chat: its newest messages, or those after a position, arrive as `chat_history`",
  input: z.object({ chatId: uuid, afterSeq: nonNegativeInt.optional() }),
  result: z.object({ chatId: z.uuid(), messages: z.array(messageShape), hasMore: z.boolean() }),
} as const satisfies Command;
