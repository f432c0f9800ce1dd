import { expect, test } from "vitest";
import { z } from "zod";
import { type ConfigFault, ConfigFaults, parseConfig } from "./read-config.js";

const schema = z.object({
  PORT: z.coerce.number().int().min(1).default(3000).describe("Port to listen on."),
  DATABASE_URL: z.url().describe("The database."),
  LEVEL: z.enum(["info", "warn"]).default("info"),
  NAME: z.string().optional(),
  ORIGINS: z
    .string()
    .default("")
    .transform((text) => text.split(",").filter(Boolean)),
});

function faultsOf(env: NodeJS.ProcessEnv, of: z.ZodObject = schema): readonly ConfigFault[] {
  try {
    parseConfig(of, env);
  } catch (error) {
    if (error instanceof ConfigFaults) return error.faults;
    throw error;
  }
  return [];
}

test("reads values, defaults and transformations, and leaves other variables alone", () => {
  const env = { DATABASE_URL: "postgresql://db/parley", PORT: "8080", ORIGINS: "a,b", HOME: "/root" };
  expect(parseConfig(schema, env)).toEqual({
    DATABASE_URL: "postgresql://db/parley",
    PORT: 8080,
    LEVEL: "info",
    ORIGINS: ["a", "b"],
  });
});

test("an empty variable counts as absent", () => {
  const config = parseConfig(schema, { DATABASE_URL: "postgresql://db/parley", PORT: "", NAME: "" });
  expect(config.PORT).toBe(3000);
  expect(config.NAME).toBeUndefined();
  expect(faultsOf({ DATABASE_URL: "" })).toEqual([
    { name: "DATABASE_URL", problem: "is missing", description: "The database." },
  ]);
});

test("reports every fault at once, with its description and without the value", () => {
  const faults = faultsOf({ PORT: "eighty", DATABASE_URL: "s3cret", LEVEL: "loud" });
  expect(faults.map(({ name }) => name)).toEqual(["PORT", "DATABASE_URL", "LEVEL"]);
  const { message } = new ConfigFaults(faults);
  expect(message.split("\n")).toEqual([
    "  PORT: expected number (Port to listen on.)",
    "  DATABASE_URL: Invalid URL (The database.)",
    '  LEVEL: Invalid option: expected one of "info"|"warn"',
  ]);
  expect(message).not.toContain("s3cret");
});

test("a rule over several fields keeps its own words", () => {
  const ruled = schema.superRefine((_, context) => {
    context.addIssue({ code: "custom", path: ["NAME"], message: "must be set where ORIGINS is" });
  });
  expect(faultsOf({ DATABASE_URL: "postgresql://db/parley" }, ruled)).toEqual([
    { name: "NAME", problem: "must be set where ORIGINS is", description: undefined },
  ]);
});
