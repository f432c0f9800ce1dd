import { z } from "zod";
import { uuid } from "../fields.js";
import { messageShape } from "../rest/message-shapes.js";
import type { Command } from "./command.js";

export const messageDelete = {
  summary: "Delete a message; its place is kept",
  input: z.object({ chatId: uuid, messageId: uuid }),
  result: z.object({ message: messageShape }),
} as const satisfies Command;
