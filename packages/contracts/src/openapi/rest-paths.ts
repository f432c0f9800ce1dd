import type { z } from "zod";
import type { SchemaCollector } from "../json-schema.js";
import { type OperationId, REST_CATALOGUE } from "../rest/catalogue.js";
import type { Operation } from "../rest/operation.js";
import { BODY_EXAMPLES } from "./body-examples.js";
import type { OpenApiHeader, OpenApiOperation, OpenApiResponse } from "./document.js";
import { failureResponses } from "./failures.js";
import { fileAnswers, UPLOAD } from "./file-content.js";
import { successHeaders } from "./headers.js";
import { codesOf } from "./operation-codes.js";
import { parametersOf } from "./parameters.js";

/** The paths of the REST catalogue. */
export function restPaths(schemas: SchemaCollector): Record<string, Record<string, OpenApiOperation>> {
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  for (const [name, operation] of Object.entries(REST_CATALOGUE) as [OperationId, Operation][]) {
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method]: describe(name, operation, schemas),
    };
  }
  return paths;
}

function describe(id: OperationId, operation: Operation, schemas: SchemaCollector): OpenApiOperation {
  const description = descriptionOf(operation);
  const parameters = parametersOf(operation, schemas);
  const codes = codesOf(id, operation);
  return {
    operationId: id,
    tags: [operation.tag],
    summary: operation.summary,
    ...(description === "" ? {} : { description }),
    ...(operation.isPublic ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(operation.body === undefined ? {} : { requestBody: requestBody(id, operation.body, schemas) }),
    responses: {
      ...successes(operation, schemas),
      ...failureResponses(codes),
    },
    "x-error-codes": codes,
  };
}

function descriptionOf({ description, roles, isPublic, sends }: Operation): string {
  const sentences = [
    description,
    roles && `Needs the role ${roles.map((role) => `\`${role}\``).join(" or ")}.`,
    isPublic && "Needs no token.",
    sends && "Counts against the message rate.",
  ];
  return sentences.filter(Boolean).join("\n\n");
}

function requestBody(id: OperationId, body: z.ZodType | "multipart", schemas: SchemaCollector) {
  if (body === "multipart")
    return { required: true, content: { "multipart/form-data": { schema: UPLOAD } } } as const;
  const example: unknown = BODY_EXAMPLES[id as keyof typeof BODY_EXAMPLES];
  return {
    required: true,
    content: {
      "application/json": { schema: schemas.input(body), ...(example === undefined ? {} : { example }) },
    },
  } as const;
}

/** The answers of a call that goes well, by status. */
function successes(operation: Operation, schemas: SchemaCollector): Record<string, OpenApiResponse> {
  if (operation.result !== "file") return { [String(operation.status)]: success(operation, schemas) };
  return fileAnswers();
}

function success(
  { status, result, resultHeaders = {} }: Operation,
  schemas: SchemaCollector,
): OpenApiResponse {
  const own = Object.entries(resultHeaders).map(([name, description]): [string, OpenApiHeader] => [
    name,
    { description, schema: { type: "string" } },
  ]);
  const headers = { ...Object.fromEntries(own), ...successHeaders() };
  if (result === undefined || result === "file")
    return { description: "Done; the answer has no body.", headers };
  return {
    description: status === 201 ? "Stored." : "The answer.",
    headers,
    content: { "application/json": { schema: schemas.output(result) } },
  };
}
