import { z } from "zod";
import { uuid } from "../fields.js";
import type { Command } from "./command.js";

export const typingSet = {
  summary: "Tell the others that I type; a start that is not refreshed ends after 7 s",
  input: z.object({ chatId: uuid, action: z.enum(["start", "stop"]) }),
  result: z.object({}),
} as const satisfies Command;
