import { describe, expect, it } from "vitest";
import { z } from "zod";
import { collectSchemas } from "./json-schema.js";

describe("collectSchemas", () => {
  it("refers to a schema with an id by its name", () => {
    const schemas = collectSchemas();
    const person = z.object({ id: z.uuid() }).meta({ id: "TestPerson" });
    const reference = { $ref: "#/components/schemas/TestPerson" };
    expect(schemas.output(person)).toEqual(reference);
    expect(schemas.output(z.array(person))).toEqual({ type: "array", items: reference });
    expect(schemas.components.TestPerson).toEqual({
      type: "object",
      properties: { id: { type: "string", format: "uuid" } },
      required: ["id"],
    });
  });

  it("refuses one name for two schemas", () => {
    const schemas = collectSchemas();
    const thing = z.object({ size: z.int().default(1) }).meta({ id: "TestThing" });
    schemas.input(thing);
    expect(() => schemas.output(thing)).toThrow("two different schemas have the id TestThing");
  });

  it("keeps properties that are named like keywords", () => {
    const schema = collectSchemas().output(
      z.object({ pattern: z.string(), format: z.string(), $ref: z.string() }),
    );
    expect(Object.keys(schema.properties ?? {})).toEqual(["pattern", "format", "$ref"]);
  });
});
