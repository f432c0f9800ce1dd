import { z } from "zod";
import { uuid } from "../fields.js";
import { editBody, messageShape } from "../rest/message-shapes.js";
import type { Command } from "./command.js";

export const messageEdit = {
  summary: "Change the text of my message",
  input: editBody.extend({ chatId: uuid, messageId: uuid }),
  result: z.object({ message: messageShape }),
} as const satisfies Command;
