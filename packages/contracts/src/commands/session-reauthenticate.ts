import { z } from "zod";
import type { Command } from "./command.js";

export const sessionReauthenticate = {
  summary: "Present a fresh token of the same user before the old one expires",
  input: z.object({ token: z.string().min(1).max(16_384) }),
  result: z.object({ expiresAt: z.iso.datetime() }),
} as const satisfies Command;
