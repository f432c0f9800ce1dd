import { z } from "zod";
import { uuid } from "../fields.js";
import { LIMITS } from "../limits.js";
import type { Command } from "./command.js";

export const messagesMarkRead = {
  summary: "Read up to the newest of these messages",
  input: z.object({ chatId: uuid, messageIds: z.array(uuid).min(1).max(LIMITS.pageRows) }),
  result: z.object({
    chatId: z.uuid(),
    readSeq: z.int(),
    unreadCount: z.int(),
    rev: z.int().optional().meta({
      description: "The revision that this took; absent when nothing moved, or I read in private.",
    }),
  }),
} as const satisfies Command;
