import { z } from "zod";

/** The part of JSON Schema 2020-12 that the documents use. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  examples?: unknown[];
  [keyword: string]: unknown;
}

/** Turns zod schemas into JSON Schema; those with an id go to `components` once and are referred to by name. */
export interface SchemaCollector {
  components: Record<string, JsonSchema>;
  /** What a client may send. */
  input(schema: z.ZodType): JsonSchema;
  /** What a client gets. */
  output(schema: z.ZodType): JsonSchema;
}

/** A collector for one document. */
export function collectSchemas(): SchemaCollector {
  const components: Record<string, JsonSchema> = {};
  const convert = (schema: z.ZodType, io: "input" | "output") => {
    const { $defs = {}, ...root } = z.toJSONSchema(schema, { io }) as JsonSchema & {
      $defs?: Record<string, JsonSchema>;
    };
    for (const [name, definition] of Object.entries($defs)) {
      addComponent(components, name, tidy(definition));
    }
    return tidy(root);
  };
  return {
    components,
    input: (schema) => convert(schema, "input"),
    output: (schema) => convert(schema, "output"),
  };
}

function addComponent(components: Record<string, JsonSchema>, name: string, schema: JsonSchema): void {
  const known = components[name];
  if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema)) {
    throw new Error(`two different schemas have the id ${name}`);
  }
  components[name] = schema;
}

/** Leaves out what only repeats: the expression behind a `format`, the limits of a safe integer, closed answers. */
function tidy(schema: JsonSchema): JsonSchema {
  const entries = Object.entries(schema).filter(([keyword, value]) => !isNoise(schema, keyword, value));
  return Object.fromEntries(entries.map(([keyword, value]) => [keyword, tidyValue(keyword, value)]));
}

function isNoise(schema: JsonSchema, keyword: string, value: unknown): boolean {
  switch (keyword) {
    case "$schema":
    case "propertyNames":
      return true;
    case "pattern":
      return schema.format !== undefined;
    case "minimum":
      return value === Number.MIN_SAFE_INTEGER;
    case "maximum":
      return value === Number.MAX_SAFE_INTEGER;
    // An answer may grow new fields: a client that refused them would break.
    case "additionalProperties":
      return value === false;
    default:
      return false;
  }
}

function tidyValue(keyword: string, value: unknown): unknown {
  switch (keyword) {
    case "$ref":
      return String(value).replace("#/$defs/", "#/components/schemas/");
    case "properties":
      return Object.fromEntries(
        Object.entries(value as Record<string, JsonSchema>).map(([name, schema]) => [name, tidy(schema)]),
      );
    case "anyOf":
    case "oneOf":
    case "allOf":
      return (value as JsonSchema[]).map(tidy);
    case "items":
      return tidy(value as JsonSchema);
    case "additionalProperties":
      return typeof value === "object" && Object.keys(value ?? {}).length > 0
        ? tidy(value as JsonSchema)
        : true;
    default:
      return value;
  }
}
