import { expect, test } from "vitest";
import { z } from "zod";
import { configRows, configTable, envExample } from "./describe-config.js";

const schema = z.object({
  DATABASE_URL: z.url().describe("The database."),
  PORT: z.coerce.number().int().default(3000).describe("Port to listen on."),
  LEVEL: z.enum(["info", "warn"]).default("info"),
  DOCS: z.stringbool().default(true),
  ORIGINS: z
    .string()
    .default("")
    .transform((text) => text.split(","))
    .meta({ description: "Web origins.", valueType: "list of origins" }),
  NAME: z.string().optional(),
});

test("describes each variable", () => {
  expect(configRows(schema)).toEqual([
    { name: "DATABASE_URL", type: "URL", default: undefined, required: true, description: "The database." },
    { name: "PORT", type: "integer", default: "3000", required: false, description: "Port to listen on." },
    { name: "LEVEL", type: "info | warn", default: "info", required: false, description: "" },
    { name: "DOCS", type: "true | false", default: "true", required: false, description: "" },
    {
      name: "ORIGINS",
      type: "list of origins",
      default: undefined,
      required: false,
      description: "Web origins.",
    },
    { name: "NAME", type: "text", default: undefined, required: false, description: "" },
  ]);
});

test("writes an example file in which a shared variable stands once, unless its default differs", () => {
  const rows = configRows(schema);
  const text = envExample([
    { title: "api", rows: rows.slice(0, 2) },
    { title: "worker", rows: rows.slice(0, 3) },
    { title: "sweeper", rows: rows.slice(1, 2).map((row) => ({ ...row, default: "3100" })) },
  ]);
  expect(text).toBe(`# --- api ---

# The database. (URL, required)
DATABASE_URL=

# Port to listen on. (integer)
# PORT=3000

# --- worker ---

# (info | warn)
# LEVEL=info

# --- sweeper ---

# Port to listen on. (integer)
# PORT=3100
`);
});

test("writes a Markdown table in which no cell breaks a row", () => {
  expect(configTable(configRows(schema)).split("\n")).toEqual([
    "| Variable | Type | Default | Meaning |",
    "|---|---|---|---|",
    "| `DATABASE_URL` | URL | **required** | The database. |",
    "| `PORT` | integer | `3000` | Port to listen on. |",
    "| `LEVEL` | info \\| warn | `info` |  |",
    "| `DOCS` | true \\| false | `true` |  |",
    "| `ORIGINS` | list of origins |  | Web origins. |",
    "| `NAME` | text |  |  |",
    "",
  ]);
});
