import { Refused } from "./contract-client.js";

export interface JsonCall {
  method?: string;
  headers: Record<string, string>;
  body?: unknown;
}

/** Asks one node over REST; resolves to the answer's JSON. Throws Refused for everything but success. */
export async function jsonCall<Answer>(url: string, { method, headers, body }: JsonCall): Promise<Answer> {
  const response = await fetch(url, {
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers: { ...headers, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer = text === "" ? undefined : JSON.parse(text);
  if (!response.ok) {
    const seconds = response.headers.get("Retry-After");
    throw new Refused(answer, seconds === null ? undefined : Number(seconds) * 1_000);
  }
  return answer as Answer;
}
