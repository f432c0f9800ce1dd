import { type FieldError, type Operation, ParleyError } from "@parley/contracts";
import type { z } from "zod";

type Source = "params" | "query" | "body";
export type RawInput = Record<Source, unknown>;

const SOURCES: readonly Source[] = ["params", "query", "body"];

/** More don't help anybody; a list of ten thousand ids can have ten thousand faults. */
const MOST_FAULTS = 100;

/** Checks everything that a call takes, and reports all faults together. Throws invalid_input. */
export function validateInput(operation: Operation, raw: RawInput): Partial<RawInput> {
  const input: Partial<RawInput> = {};
  const errors: FieldError[] = [];
  for (const source of SOURCES) {
    const given = source === "query" ? withoutEmpty(raw.query) : raw[source];
    const schema = operation[source];
    // A file is looked at as it comes.
    if (schema === undefined || schema === "multipart") continue;
    const result = schema.safeParse(given);
    if (result.success) input[source] = result.data;
    else errors.push(...result.error.issues.flatMap((issue) => fieldErrors(issue)));
  }
  if (errors.length > 0) throw new ParleyError("invalid_input", { errors: errors.slice(0, MOST_FAULTS) });
  return input;
}

/** `?cursor=` means no cursor, and `?before_seq=` is not the number 0. */
function withoutEmpty(query: unknown): unknown {
  if (typeof query !== "object" || query === null) return query;
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ""));
}

function fieldErrors(issue: z.core.$ZodIssue, parents: readonly PropertyKey[] = []): FieldError[] {
  const path = [...parents, ...issue.path];
  if (issue.code === "invalid_union" && issue.errors.length > 0) return unionErrors(issue.errors, path);
  return [{ path: path.join("."), message: issueMessage(issue) }];
}

/** Of the forms that a body may have, only the faults of the one that was meant help: the one whose fixed values fit. */
function unionErrors(forms: readonly z.core.$ZodIssue[][], path: readonly PropertyKey[]): FieldError[] {
  const isMeant = (form: readonly z.core.$ZodIssue[]) => !form.some(({ code }) => code === "invalid_value");
  const [best] = forms.filter(isMeant).sort((one, other) => one.length - other.length);
  if (best) return best.flatMap((issue) => fieldErrors(issue, path));
  const fixed = forms.flat().filter((issue) => issue.code === "invalid_value");
  const place = [...path, ...(fixed[0]?.path ?? [])].join(".");
  const values = [...new Set(fixed.flatMap((issue) => issue.values.map(String)))];
  return [{ path: place, message: `must be one of ${values.join(", ")}` }];
}

function issueMessage(issue: z.core.$ZodIssue): string {
  if (/received undefined$/.test(issue.message)) return "is missing";
  return issue.message.replace(/^Invalid input: expected (.*), received .*$/, "must be a $1");
}
