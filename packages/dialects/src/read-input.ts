import { type FieldError, ParleyError } from "@parley/contracts";
import { z } from "zod";
import { readIntegerId } from "./integer-ids.js";

/** More don't help anybody. */
const MOST_FAULTS = 20;

/** Checks what a client sent against a shape, and reports all faults together. Throws invalid_input. */
export function readInput<Schema extends z.ZodType>(schema: Schema, given: unknown): z.output<Schema> {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const errors = result.error.issues.slice(0, MOST_FAULTS).map(fieldError);
  throw new ParleyError("invalid_input", { errors });
}

/** An integer id, as a number or as its digits. */
export const integerId = z.unknown().transform((value, context): number => {
  const id = readIntegerId(value);
  if (id !== undefined) return id;
  context.addIssue({
    code: "custom",
    message: value === undefined ? "is missing" : "must be a positive whole number",
  });
  return z.NEVER;
});

function fieldError({ path, message }: z.core.$ZodIssue): FieldError {
  return { path: path.join("."), message: told(message) };
}

function told(message: string): string {
  if (/received undefined$/.test(message)) return "is missing";
  return message.replace(/^Invalid input: expected (.*), received .*$/, "must be a $1");
}
