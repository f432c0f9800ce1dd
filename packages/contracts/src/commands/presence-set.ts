import { z } from "zod";
import type { Command } from "./command.js";

export const presenceSet = {
  summary: "Say that I am here, or away",
  input: z.object({ status: z.enum(["online", "away"]) }),
  result: z.object({ status: z.enum(["online", "away"]) }),
} as const satisfies Command;
