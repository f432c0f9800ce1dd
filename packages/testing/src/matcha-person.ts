import { connectRaw, type RawClient, type RawFrame } from "./raw-client.js";
import type { RestAnswer } from "./rest-client.js";
import { testToken } from "./test-token.js";

export interface MatchaPersonInput {
  /** The node that they speak to. */
  url: string;
  id: number;
  name?: string;
  role?: string;
}

/** Somebody who speaks the Matcha contract. */
export interface MatchaPerson {
  id: number;
  token: string;
  /** What says who they are, on REST and on the handshake. */
  headers: Record<string, string>;
  /** A REST call below `/api/v1/chat`. */
  ask<Data = unknown>(method: string, path: string, body?: unknown): Promise<RestAnswer<MatchaBody<Data>>>;
  /** Opens a WebSocket as programs do, with headers, and resolves when the node has said `connected`. */
  connect(): Promise<RawClient>;
}

/** What every call answers: `data`, or else `error`. */
export interface MatchaBody<Data> {
  success: boolean;
  data: Data;
  error: string;
}

const BASE_PATH = "/api/v1/chat";

export function matchaPerson({ url, id, name, role = "user" }: MatchaPersonInput): MatchaPerson {
  const named = name === undefined ? {} : { name };
  const token = testToken({ userId: String(id), role, ...named });
  const headers = { authorization: `Bearer ${token}`, "x-user-id": String(id) };
  return {
    id,
    token,
    headers,
    ask: async <Data>(method: string, path: string, body?: unknown) => {
      const response = await fetch(`${url}${BASE_PATH}${path}`, {
        method,
        headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const { status } = response;
      return { status, headers: response.headers, body: (await response.json()) as MatchaBody<Data> };
    },
    connect: async () => {
      const client = await connectRaw(`${url}${BASE_PATH}/ws`, { headers });
      await client.hear(({ type }) => type === "connected");
      return client;
    },
  };
}

/** Tells frames of a type from others, where asked for with certain values in their `data`. */
export function isA(type: string, data: Record<string, unknown> = {}): (frame: RawFrame) => boolean {
  return (frame) =>
    frame.type === type && Object.entries(data).every(([key, value]) => dataOf(frame)[key] === value);
}

export function dataOf(frame: RawFrame): Record<string, unknown> {
  return (frame.data ?? {}) as Record<string, unknown>;
}

/** The texts of the new messages that a client has heard. */
export function textsOf(client: RawClient): unknown[] {
  return client.heard.filter(isA("new_message")).map((frame) => dataOf(frame).message);
}
