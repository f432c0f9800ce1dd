import { collectSchemas } from "./json-schema.js";
import type { OpenApiDocument } from "./openapi/document.js";
import { problemSchema, sharedFailures } from "./openapi/failures.js";
import { HEADERS } from "./openapi/headers.js";
import { NODE_PATHS } from "./openapi/node-paths.js";
import { restCodes } from "./openapi/operation-codes.js";
import { restPaths } from "./openapi/rest-paths.js";
import { TAGS } from "./openapi/tags.js";

const DESCRIPTION = `Chats and messages over HTTP. The live side is the socket: see the AsyncAPI document.

A 201 means that the message is stored. Every chat numbers its messages 1, 2, 3, … in \`seq\`, the same for all members.
Send with a \`client_id\` of your own making: then the same request again, after a lost answer, gives the first message
instead of a second one.

Names are in snake_case. Failures are \`application/problem+json\` (RFC 9457) with a stable \`code\`. A chat that is not
yours answers like one that does not exist.`;

/** The OpenAPI 3.1 document of the native REST contract, built from the catalogue. */
export function openApiDocument({ version }: { version: string }): OpenApiDocument {
  const schemas = collectSchemas();
  const paths = { ...restPaths(schemas), ...NODE_PATHS };
  return {
    openapi: "3.1.1",
    info: {
      title: "Parley REST API",
      version,
      summary: "Chats and messages over HTTP",
      description: DESCRIPTION,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/", description: "The node or load balancer that serves this document" }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description:
            "A token of the platform: `sub` is the user, `role` the role, and `exp` is required. The server's configuration decides the algorithm.",
        },
      },
      headers: HEADERS,
      responses: sharedFailures(restCodes()),
      schemas: { ...sorted(schemas.components), Problem: problemSchema() },
    },
  };
}

function sorted<Value>(values: Record<string, Value>): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).sort(([one], [other]) => (one < other ? -1 : 1)));
}
