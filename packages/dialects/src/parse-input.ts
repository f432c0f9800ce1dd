import { ParleyError } from "@parley/contracts";
import type { z } from "zod";

/** Checks what a client sent. Throws invalid_input with every field that is wrong. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path, message }) => ({
    path: path.map(String).join("."),
    message,
  }));
  throw new ParleyError("invalid_input", { errors });
}
