import { z } from "zod";

/** What is to be said about one variable of a configuration. */
export interface ConfigRow {
  name: string;
  /** For people: `integer`, `URL`, `a | b`, or what the field's metadata says as `valueType`. */
  type: string;
  /** As it would be written in the environment; undefined when there is none. */
  default: string | undefined;
  required: boolean;
  description: string;
}

/** The variables of one process in an example file. */
export interface ConfigSection {
  title: string;
  rows: readonly ConfigRow[];
}

interface FieldSchema {
  type?: string;
  format?: string;
  enum?: readonly unknown[];
  description?: string;
  valueType?: string;
}

/** Describes the variables of a configuration schema, in its order. */
export function configRows(schema: z.ZodObject): ConfigRow[] {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  const required = new Set(json.required ?? []);
  return Object.entries(json.properties ?? {}).map(([name, property]) => {
    const field = property as FieldSchema;
    const type = schema.shape[name] as z.core.$ZodType | undefined;
    return {
      name,
      type: typeOf(field, type),
      default: written(defaultOf(type)),
      required: required.has(name),
      description: field.description ?? "",
    };
  });
}

/**
 * Text of an `.env.example`: required variables stand ready to be filled in, the others are commented out with their
 * defaults. A variable that several sections share is written once, in the first, unless its default differs.
 */
export function envExample(sections: readonly ConfigSection[]): string {
  const seen = new Set<string>();
  const blocks = sections.map(({ title, rows }) => {
    const fresh = rows.filter((row) => !seen.has(keyOf(row)) && seen.add(keyOf(row)));
    return [`# --- ${title} ---`, ...fresh.map(envLines)].join("\n\n");
  });
  return `${blocks.join("\n\n")}\n`;
}

const keyOf = (row: ConfigRow) => `${row.name}=${row.default ?? ""}`;

/** The variables as a Markdown table. */
export function configTable(rows: readonly ConfigRow[]): string {
  const lines = rows.map((row) => {
    const fallback = row.required ? "**required**" : row.default === undefined ? "" : `\`${row.default}\``;
    return `| \`${row.name}\` | ${cell(row.type)} | ${cell(fallback)} | ${cell(row.description)} |`;
  });
  return ["| Variable | Type | Default | Meaning |", "|---|---|---|---|", ...lines, ""].join("\n");
}

function typeOf(field: FieldSchema, type: z.core.$ZodType | undefined): string {
  if (field.valueType) return field.valueType;
  if (isStringBool(type)) return "true | false";
  if (field.enum) return field.enum.map(String).join(" | ");
  if (field.format === "uri") return "URL";
  return field.type === "string" || field.type === undefined ? "text" : field.type;
}

/** zod's `stringbool` is a pipe that takes words and gives a boolean. */
function isStringBool(type: z.core.$ZodType | undefined): boolean {
  const layer = layersOf(type).find(({ _zod }) => "out" in _zod.def);
  const out = layer && (layer._zod.def as z.core.$ZodPipeDef).out;
  return out?._zod.def.type === "boolean";
}

/** Asked of the schema itself: its JSON form leaves the default of a `stringbool` out. */
function defaultOf(type: z.core.$ZodType | undefined): unknown {
  const layer = layersOf(type).find(({ _zod }) => "defaultValue" in _zod.def);
  return layer && (layer._zod.def as z.core.$ZodDefaultDef).defaultValue;
}

/** A field's schema and those it is wrapped around, on the side of the input. */
function layersOf(type: z.core.$ZodType | undefined): z.core.$ZodType[] {
  if (!type) return [];
  const { def } = type._zod;
  if ("innerType" in def) return [type, ...layersOf(def.innerType as z.core.$ZodType)];
  return "in" in def ? [type, ...layersOf(def.in as z.core.$ZodType)] : [type];
}

function written(value: unknown): string | undefined {
  if (value === undefined || value === "") return undefined;
  if (Array.isArray(value)) return value.map(String).join(",");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function envLines(row: ConfigRow): string {
  const note = [row.description, `(${row.required ? `${row.type}, required` : row.type})`]
    .filter(Boolean)
    .join(" ");
  return `# ${note}\n${row.required ? "" : "# "}${row.name}=${row.default ?? ""}`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
