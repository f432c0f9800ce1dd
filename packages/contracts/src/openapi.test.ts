import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import { commandCodes } from "./asyncapi/command-codes.js";
import { COMMAND_CATALOGUE, type CommandName } from "./commands/catalogue.js";
import { ERROR_CODES, ERROR_KINDS, type ErrorCode } from "./error-codes.js";
import { BODY_EXAMPLES } from "./openapi/body-examples.js";
import { codesOf, restCodes } from "./openapi/operation-codes.js";
import { openApiDocument } from "./openapi.js";
import { type OperationId, REST_CATALOGUE } from "./rest/catalogue.js";
import type { Operation } from "./rest/operation.js";

const document = openApiDocument({ version: "1.2.3" });
const operations = Object.entries(REST_CATALOGUE) as [OperationId, Operation][];
const call = (id: OperationId) => document.paths[REST_CATALOGUE[id].path]?.[REST_CATALOGUE[id].method];

describe("the OpenAPI document", () => {
  it("is valid OpenAPI 3.1", async () => {
    const validator = new Validator();
    const outcome = await validator.validate(structuredClone(document) as unknown as Record<string, unknown>);
    expect(outcome).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
  });

  it("has no reference to something that is not there", () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(
      ([, path]) => path ?? "",
    );
    expect(references.length).toBeGreaterThan(50);
    for (const path of references) expect(resolve(path), path).toBeDefined();
  });

  it("describes the catalogue's calls, those about the node, and no others", () => {
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => `${operationId}: ${method} ${path}`),
    );
    expect(described.sort()).toEqual(
      [
        ...operations.map(([id, { method, path }]) => `${id}: ${method} ${path}`),
        "health: get /healthz",
        "readiness: get /readyz",
        "metrics: get /metrics",
      ].sort(),
    );
  });

  it.each(operations)("says what %s takes and answers", (id, operation) => {
    const described = call(id);
    const placeholders = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const named = (place: string) =>
      (described?.parameters ?? []).filter((parameter) => parameter.in === place).map(({ name }) => name);
    expect(named("path").sort()).toEqual(placeholders.sort());
    expect(named("query")).toEqual(Object.keys(operation.query?.shape ?? {}));
    expect(described?.requestBody !== undefined).toBe(operation.body !== undefined);
    const failures = codesOf(id, operation).map((code) => String(ERROR_KINDS[ERROR_CODES[code].kind]));
    const successes = operation.result === "file" ? ["200", "206", "304", "416"] : [String(operation.status)];
    expect(Object.keys(described?.responses ?? {}).sort()).toEqual(
      [...new Set([...successes, ...failures])].sort(),
    );
    const [media] = Object.keys(described?.requestBody?.content ?? {});
    if (operation.body)
      expect(media).toBe(operation.body === "multipart" ? "multipart/form-data" : "application/json");
  });

  it("lists every error code, with its status", () => {
    const { properties, description } = document.components.schemas.Problem ?? {};
    expect(properties?.code?.enum).toEqual(Object.keys(ERROR_CODES));
    for (const [code, { kind }] of Object.entries(ERROR_CODES)) {
      expect(description).toContain(`| \`${code}\` | ${ERROR_KINDS[kind]} |`);
    }
  });

  it("has a place for every error code", () => {
    // These come before any call or command is known.
    const elsewhere: ErrorCode[] = [
      "unknown_event",
      "origin_not_allowed",
      "route_not_found",
      "too_many_connections",
      // Of the calls of the gateway rooms, which are not native.
      "gateway_proof_required",
      "gateway_proof_invalid",
    ];
    const commands = Object.keys(COMMAND_CATALOGUE) as CommandName[];
    const placed = [...elsewhere, ...restCodes(), ...commands.flatMap(commandCodes)];
    expect([...new Set(placed)].sort()).toEqual(Object.keys(ERROR_CODES).sort());
  });

  it("has a meaning for every tag that is used", () => {
    const tags = document.tags.map(({ name }) => name);
    for (const [, { tag }] of operations) expect(tags).toContain(tag);
  });

  it("has examples that the server accepts", () => {
    for (const [id, { body }] of operations) {
      if (body && body !== "multipart")
        expect(body.safeParse(BODY_EXAMPLES[id as keyof typeof BODY_EXAMPLES]).error, id).toBeUndefined();
    }
  });

  it("describes inputs as they are sent and answers as they come", () => {
    const limit = call("listMessages")?.parameters?.find(({ name }) => name === "limit");
    expect(limit).toMatchObject({ required: false, schema: { type: "integer", minimum: 1, default: 50 } });
    expect(call("getChat")?.parameters?.[0]?.schema).toEqual({ type: "string", format: "uuid" });
    const { MessageDraft, Message } = document.components.schemas;
    expect(MessageDraft?.required).toBeUndefined();
    expect(MessageDraft?.properties?.content).toMatchObject({ type: "string", maxLength: 5000, default: "" });
    expect(Message?.required).toContain("seq");
    expect(Message?.additionalProperties).toBeUndefined();
  });

  it("carries the version it is given", () => {
    expect(document.info.version).toBe("1.2.3");
  });
});

function resolve(path: string): unknown {
  return path
    .split("/")
    .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], document);
}
