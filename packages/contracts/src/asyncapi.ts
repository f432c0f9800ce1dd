import { channelDescription } from "./asyncapi/channel-description.js";
import type { AsyncApiDocument, AsyncApiMessage } from "./asyncapi/document.js";
import { socketMessages } from "./asyncapi/messages.js";
import { socketOperations } from "./asyncapi/operations.js";
import { ERROR_CODES } from "./error-codes.js";
import { collectSchemas, type JsonSchema } from "./json-schema.js";

/** The AsyncAPI 3.0 document of the native socket contract, built from the catalogues. */
export function asyncApiDocument({ version }: { version: string }): AsyncApiDocument {
  const schemas = collectSchemas();
  const messages = socketMessages(schemas);
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Parley socket API",
      version,
      description: "The live side of chats: commands that a client sends, and events that it gets.",
      license: { name: "MIT" },
    },
    defaultContentType: "application/json",
    servers: { node: server },
    channels: { chat: chatChannel(messages) },
    operations: socketOperations(),
    components: {
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description: "In the handshake: `auth.token`, or an `Authorization` header.",
        },
      },
      messages,
      schemas: withErrorCodes(schemas.components),
    },
  };
}

const server = {
  host: "{host}",
  pathname: "/socket.io/",
  protocol: "ws",
  description: "Any node of the cluster, or the load balancer in front (Socket.IO 4, WebSocket transport).",
  variables: { host: { default: "localhost:8080", description: "Host and port." } },
  security: [{ $ref: "#/components/securitySchemes/token" }],
};

function chatChannel(messages: Record<string, AsyncApiMessage>) {
  const keys = Object.keys(messages);
  return {
    address: "/chat",
    title: "The namespace /chat",
    description: channelDescription(),
    servers: [{ $ref: "#/servers/node" }],
    messages: Object.fromEntries(keys.map((key) => [key, { $ref: `#/components/messages/${key}` }])),
    bindings: { ws: { method: "GET", query: handshakeQuery, bindingVersion: "0.1.0" } },
  };
}

const handshakeQuery = {
  type: "object",
  description: "Set by every Socket.IO client.",
  properties: { EIO: { type: "string", const: "4" }, transport: { type: "string", const: "websocket" } },
};

function withErrorCodes(schemas: Record<string, JsonSchema>): Record<string, JsonSchema> {
  const names = Object.keys(schemas).sort();
  return Object.fromEntries(
    names.map((name) => [
      name,
      name === "SocketError" ? socketError(schemas[name] ?? {}) : (schemas[name] ?? {}),
    ]),
  );
}

function socketError(schema: JsonSchema): JsonSchema {
  return {
    ...schema,
    description: "Why a command failed. Branch on `code`; new codes may be added.",
    properties: { ...schema.properties, code: { type: "string", enum: Object.keys(ERROR_CODES) } },
  };
}
