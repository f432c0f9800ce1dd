import { failureOf, lostConnection } from "../calls/call-failure.js";

interface SessionAnswer {
  user_id: string;
  /** Whether the browser was given what opens the page of the queues. */
  board: boolean;
}

/** Has the server look at a token: throws a CallFailure unless it is good here and of an admin. */
export async function askSession(token: string): Promise<SessionAnswer> {
  const response = await fetch("/admin/session", {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(15_000),
  }).catch((error: unknown) => {
    throw lostConnection(error);
  });
  const text = await response.text();
  if (!response.ok) throw failureOf(response, text);
  return JSON.parse(text) as SessionAnswer;
}

/** Takes away what opens the page of the queues. */
export async function dropSession(): Promise<void> {
  await fetch("/admin/session", { method: "DELETE" }).catch(() => undefined);
}
