import type { z } from "zod";

/** One event that a client may send on the native socket. */
export interface Command {
  summary: string;
  /** In camelCase; the snake_case spelling of every name is accepted too. */
  input: z.ZodType;
  /** What stands beside `ok: true` in the acknowledgement. */
  result: z.ZodType;
}
