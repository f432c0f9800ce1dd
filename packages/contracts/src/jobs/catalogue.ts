import { z } from "zod";

/** Compares what chats promise (numbering without gaps) with what is stored. */
const chatsVerify = z.object({
  /** How many chats one run looks at. */
  limit: z.int().min(1).max(10_000).default(500),
});

/** Forgets the log of commits as far as every node has long read it. */
const commitsPrune = z.object({
  /** Age from which entries go. */
  olderThanMs: z.int().min(60_000),
});

/** Every job that the worker runs, with the shape of its data. Jobs carry ids and numbers, never contents. */
export const JOB_CATALOGUE = {
  "chats.verify": chatsVerify,
  "commits.prune": commitsPrune,
} as const satisfies Record<string, z.ZodType>;

export type JobName = keyof typeof JOB_CATALOGUE;
