import { z } from "zod";

/** Compares what chats promise (numbering without gaps) with what is stored. */
const chatsVerify = z.object({
  /** How many chats one run looks at. */
  limit: z.int().min(1).max(10_000).default(500),
});

/** Every job that the worker runs, with the shape of its data. Jobs carry ids and numbers, never contents. */
export const JOB_CATALOGUE = { "chats.verify": chatsVerify } as const satisfies Record<string, z.ZodType>;

export type JobName = keyof typeof JOB_CATALOGUE;
