import { connectRaw, type RawClient } from "./raw-client.js";
import type { RestAnswer } from "./rest-client.js";
import { testToken } from "./test-token.js";

export interface KelisimPersonInput {
  /** The node that they speak to. */
  url: string;
  id: number;
  name?: string;
  role?: string;
}

/** Somebody who speaks the Kelisim contract. */
export interface KelisimPerson {
  id: number;
  name: string;
  token: string;
  /** A REST call; a `FormData` is sent as it is, everything else as JSON. */
  ask(method: string, path: string, body?: unknown): Promise<RestAnswer<KelisimBody>>;
  /** Opens a WebSocket, and resolves when the node has answered on it. */
  connect(): Promise<RawClient>;
}

/** The fields of all answers together; a test reads those that its answer has. */
export interface KelisimBody {
  id: number;
  chat_id: number;
  user_id: number;
  name: string;
  type: string;
  role: string;
  content: string;
  status: string;
  temp_id: string;
  url: string;
  size: number;
  total: number;
  unread_count: number;
  has_more: boolean;
  error: string;
  code: string;
  chats: KelisimBody[];
  participants: KelisimBody[];
  messages: KelisimBody[];
  files: KelisimBody[];
}

export function kelisimPerson({
  url,
  id,
  name = `user ${id}`,
  role = "user",
}: KelisimPersonInput): KelisimPerson {
  const token = testToken({ userId: String(id), name, role });
  return {
    id,
    name,
    token,
    ask: async (method, path, body) => {
      const isForm = body instanceof FormData;
      const response = await fetch(new URL(path, url), {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined || isForm ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const { status, headers } = response;
      return { status, headers, body: (text === "" ? undefined : JSON.parse(text)) as KelisimBody };
    },
    connect: async () => {
      const client = await connectRaw(`${url}/ws?token=${token}`);
      await client.ask({ type: "ping" }, ({ type }) => type === "pong");
      return client;
    },
  };
}
