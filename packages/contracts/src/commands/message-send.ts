import { z } from "zod";
import { uuid } from "../fields.js";
import { messageDraftShape, messageShape } from "../rest/message-shapes.js";
import type { Command } from "./command.js";

export const messageSend = {
  summary: "Send a message; the acknowledgement means stored",
  input: z.object({ chatId: uuid, message: messageDraftShape }),
  result: z.object({ message: messageShape }),
} as const satisfies Command;
