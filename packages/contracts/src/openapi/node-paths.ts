import type { JsonSchema } from "../json-schema.js";
import type { OpenApiOperation, OpenApiResponse } from "./document.js";

const readiness: JsonSchema = {
  type: "object",
  properties: {
    ready: { type: "boolean" },
    draining: { type: "boolean", description: "The node is stopping and takes no new work." },
    dependencies: {
      type: "object",
      additionalProperties: {
        type: "object",
        properties: {
          ok: { type: "boolean" },
          detail: { type: "string" },
          required: { type: "boolean", description: "Whether the node is of use without it." },
        },
        required: ["ok", "required"],
      },
    },
  },
  required: ["ready", "draining", "dependencies"],
};

/** The calls about the node itself. */
export const NODE_PATHS: Record<string, Record<string, OpenApiOperation>> = {
  "/healthz": {
    get: call("health", "Does the process answer at all?", {
      "200": json("It does.", {
        type: "object",
        properties: { live: { type: "boolean", const: true } },
        required: ["live"],
      }),
    }),
  },
  "/readyz": {
    get: call("readiness", "Should a load balancer send requests here?", {
      "200": json("Yes.", readiness),
      "503": json("No: something it needs is missing, or it is stopping.", readiness),
    }),
  },
  "/metrics": {
    get: call("metrics", "Numbers for Prometheus", {
      "200": {
        description: "The current values.",
        content: { "text/plain": { schema: { type: "string" } } },
      },
    }),
  },
};

function call(
  operationId: string,
  summary: string,
  responses: Record<string, OpenApiResponse>,
): OpenApiOperation {
  return { operationId, tags: ["Node"], summary, security: [], responses };
}

function json(description: string, schema: JsonSchema): OpenApiResponse {
  return { description, content: { "application/json": { schema } } };
}
