import type { ErrorCode } from "../error-codes.js";
import type { JsonSchema } from "../json-schema.js";

/** The part of AsyncAPI 3.0 that Parley's document uses. */
export interface AsyncApiDocument {
  asyncapi: string;
  info: { title: string; version: string; description: string; license: { name: string } };
  defaultContentType: string;
  servers: Record<string, AsyncApiServer>;
  channels: Record<string, AsyncApiChannel>;
  operations: Record<string, AsyncApiOperation>;
  components: {
    securitySchemes: Record<string, Record<string, string>>;
    messages: Record<string, AsyncApiMessage>;
    schemas: Record<string, JsonSchema>;
  };
}

interface AsyncApiServer {
  host: string;
  pathname: string;
  protocol: string;
  description: string;
  variables: Record<string, { default: string; description: string }>;
  security: AsyncApiReference[];
}

interface AsyncApiChannel {
  address: string;
  title: string;
  description: string;
  servers: AsyncApiReference[];
  messages: Record<string, AsyncApiReference>;
  bindings: Record<string, unknown>;
}

/** `receive`: the server takes it from a client; `send`: the server sends it. */
export interface AsyncApiOperation {
  action: "receive" | "send";
  channel: AsyncApiReference;
  summary: string;
  description?: string;
  messages: AsyncApiReference[];
  reply?: { channel: AsyncApiReference; messages: AsyncApiReference[] };
  /** Every code the command may fail with. */
  "x-error-codes"?: ErrorCode[];
}

export interface AsyncApiMessage {
  /** The event's name on the wire. */
  name: string;
  title: string;
  summary: string;
  payload: JsonSchema;
  examples?: { payload: unknown }[];
}

export interface AsyncApiReference {
  $ref: string;
}
