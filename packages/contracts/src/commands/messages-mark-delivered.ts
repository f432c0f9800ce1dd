import { z } from "zod";
import { positiveInt, uuid } from "../fields.js";
import type { Command } from "./command.js";

export const messagesMarkDelivered = {
  summary: "This device has every message up to `seq`",
  input: z.object({ chatId: uuid, seq: positiveInt }),
  result: z.object({
    chatId: z.uuid(),
    deliveredSeq: z.int(),
    rev: z.int().optional().meta({ description: "The revision that this took; absent when nothing moved." }),
  }),
} as const satisfies Command;
