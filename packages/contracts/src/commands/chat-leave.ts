import { z } from "zod";
import { uuid } from "../fields.js";
import type { Command } from "./command.js";

export const chatLeave = {
  summary: "Close a chat on this connection; membership stays",
  input: z.object({ chatId: uuid }),
  result: z.object({ chatId: z.uuid() }),
} as const satisfies Command;
