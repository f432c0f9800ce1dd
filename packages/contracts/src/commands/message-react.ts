import { z } from "zod";
import { emoji, uuid } from "../fields.js";
import { messageShape } from "../rest/message-shapes.js";
import type { Command } from "./command.js";

export const messageReact = {
  summary: "React to a message, or take the reaction back",
  input: z.object({ chatId: uuid, messageId: uuid, emoji, remove: z.boolean().default(false) }),
  result: z.object({ message: messageShape }),
} as const satisfies Command;
