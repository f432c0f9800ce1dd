import type { JsonSchema } from "@parley/contracts";

export type Schemas = Readonly<Record<string, JsonSchema>>;

/** What readers recognise: the same people, chat and order as in the guide. */
const KNOWN_VALUES: Readonly<Record<string, unknown>> = {
  content: "Hello, I am at the shop.",
  sender_id: "sam",
  sender_role: "shopper",
  user_id: "ana",
  userId: "ana",
  shopper_id: "sam",
  order_id: "order-1001",
  orderId: "order-1001",
  sharedBy: "sam",
  receiptUrl: "https://example.com/receipts/1001.pdf",
  client_id: "phone-7f3a-1",
  emoji: "👍",
  role: "user",
  seq: 42,
  rev: 57,
  last_seq: 42,
  read_seq: 42,
  readSeq: 42,
  cursor: "eyJ4IjoiNzMxIn0",
  retryAfterMs: 1500,
  graceMs: 60_000,
  update: { status: "in_delivery" },
};

/** A value that fits a schema, with what is always there. */
export function schemaExample(schema: JsonSchema, schemas: Schemas): unknown {
  const target = dereferenced(schema, schemas);
  const choice = target.oneOf?.[0] ?? target.anyOf?.[0];
  if (choice) return schemaExample(choice, schemas);
  if (target.allOf) return Object.assign({}, ...target.allOf.map((part) => schemaExample(part, schemas)));
  if (target.const !== undefined) return target.const;
  if (target.enum) return target.enum[0];
  if (target.default !== undefined) return target.default;
  return valueOfType(target, schemas);
}

/** Follows a reference to the schema that it names. */
export function dereferenced(schema: JsonSchema, schemas: Schemas): JsonSchema {
  return schema.$ref === undefined ? schema : (schemas[referenceName(schema.$ref)] ?? {});
}

/** `Message` of `#/components/schemas/Message`. */
export function referenceName(reference: string): string {
  return reference.slice(reference.lastIndexOf("/") + 1);
}

function valueOfType(schema: JsonSchema, schemas: Schemas): unknown {
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case "object":
      return exampleObject(schema, schemas);
    case "array":
      return schema.items ? [schemaExample(schema.items, schemas)] : [];
    case "integer":
    case "number":
      return 1;
    case "boolean":
      return true;
    case "string":
      return exampleText(schema.format);
    default:
      return null;
  }
}

function exampleObject(schema: JsonSchema, schemas: Schemas): Record<string, unknown> {
  const required = new Set(schema.required ?? []);
  const fields = Object.entries(schema.properties ?? {}).filter(([name]) => required.has(name));
  return Object.fromEntries(
    fields.map(([name, field]) => [name, KNOWN_VALUES[name] ?? schemaExample(field, schemas)]),
  );
}

function exampleText(format: string | undefined): string {
  switch (format) {
    case "uuid":
      return "01890a5d-ac96-774b-bcce-b302099a8057";
    case "date":
      return "2030-01-01";
    case "date-time":
      return "2030-01-01T08:00:00.000Z";
    case "uri":
      return "https://example.com/";
    default:
      return "…";
  }
}
