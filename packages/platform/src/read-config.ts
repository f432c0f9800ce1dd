import type { z } from "zod";

/** One variable that is wrong or missing. */
export interface ConfigFault {
  name: string;
  problem: string;
  description: string | undefined;
}

/** Every fault of a process's configuration at once; `message` has one line for each. */
export class ConfigFaults extends Error {
  override readonly name = "ConfigFaults";

  constructor(readonly faults: readonly ConfigFault[]) {
    super(faults.map(faultLine).join("\n"));
  }
}

/**
 * Reads a process's configuration from its environment. An empty variable counts as absent, because that is what
 * compose files and shells make of an unset one. Throws ConfigFaults.
 */
export function parseConfig<Schema extends z.ZodObject>(
  schema: Schema,
  env: NodeJS.ProcessEnv,
): z.output<Schema> {
  const given = Object.entries(env).filter(([name, value]) => name in schema.shape && value !== "");
  const result = schema.safeParse(Object.fromEntries(given));
  if (result.success) return result.data;
  throw new ConfigFaults(result.error.issues.map((issue) => toFault(schema, { issue, env })));
}

/** Like parseConfig, but prints all faults on stderr and ends the process with exit code 1. */
export function readConfig<Schema extends z.ZodObject>(
  schema: Schema,
  env: NodeJS.ProcessEnv,
): z.output<Schema> {
  try {
    return parseConfig(schema, env);
  } catch (error) {
    if (!(error instanceof ConfigFaults)) throw error;
    process.stderr.write(`The configuration has ${countOf(error.faults)}:\n${error.message}\n`);
    process.exit(1);
  }
}

function toFault(
  schema: z.ZodObject,
  { issue, env }: { issue: z.core.$ZodIssue; env: NodeJS.ProcessEnv },
): ConfigFault {
  const name = String(issue.path[0] ?? "configuration");
  const field = schema.shape[name] as z.ZodType | undefined;
  const isMissing = field !== undefined && issue.code !== "custom" && (env[name] ?? "") === "";
  return { name, problem: isMissing ? "is missing" : problemOf(issue), description: field?.description };
}

/** Never repeats the value: it may be a secret. */
function problemOf(issue: z.core.$ZodIssue): string {
  return issue.message.replace(/^Invalid input: /, "").replace(/, received .*$/, "");
}

function faultLine({ name, problem, description }: ConfigFault): string {
  return `  ${name}: ${problem}${description ? ` (${description})` : ""}`;
}

function countOf(faults: readonly ConfigFault[]): string {
  return faults.length === 1 ? "1 fault" : `${faults.length} faults`;
}
