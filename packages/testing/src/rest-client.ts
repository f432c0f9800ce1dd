import { type TestTokenInput, testToken } from "./test-token.js";

export interface RestAnswer<Body> {
  status: number;
  body: Body;
  headers: Headers;
}

export interface RestClient {
  userId: string;
  request<Body = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<RestAnswer<Body>>;
}

/** Speaks REST to one node as one user. */
export function restClient(baseUrl: string, who: TestTokenInput): RestClient {
  const token = testToken(who);
  return {
    userId: who.userId,
    async request<Body>(method: string, path: string, body?: unknown): Promise<RestAnswer<Body>> {
      const response = await fetch(new URL(path, baseUrl), {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        body: (text === "" ? undefined : JSON.parse(text)) as Body,
        headers: response.headers,
      };
    },
  };
}
