import { z } from "zod";
import { externalId } from "../fields.js";
import { LIMITS } from "../limits.js";
import type { Command } from "./command.js";

export const presenceGet = {
  summary: "Ask who is online; people who share no chat with me are left out",
  input: z.object({ userIds: z.array(externalId).min(1).max(LIMITS.pageRows) }),
  result: z.object({
    presence: z.array(
      z.object({
        userId: z.string(),
        status: z.enum(["online", "away", "offline"]),
        lastSeen: z.iso.datetime().nullable(),
      }),
    ),
  }),
} as const satisfies Command;
