import { setTimeout as sleep } from "node:timers/promises";
import type { Recorder } from "./recorder.js";

const ANSWER_MS = 10_000;
const RETRY_MS = 300;

export interface MembershipChange {
  f: "join" | "leave";
  chat: string;
  /** Who does it. */
  user: string;
  /** Who comes or goes. */
  about: string;
}

/** Takes somebody into a chat or out of it over REST, tried again until it is sure, and records each attempt. */
export async function changeMembership(
  { url, token, recorder }: { url: string; token: string; recorder: Recorder },
  change: MembershipChange,
): Promise<void> {
  const { user } = change;
  for (;;) {
    const op = recorder.operation();
    recorder.record({ type: "invoke", op, ...change });
    const status = await request({ url, token }, change);
    // Somebody who is out already, after an attempt whose answer was lost, is not found any more.
    if (status < 300 || (change.f === "leave" && status === 404)) {
      recorder.record({ type: "ok", user, op });
      return;
    }
    const sure = status >= 400 && status < 500;
    recorder.record({ type: sure ? "fail" : "info", user, op, code: String(status) });
    await sleep(RETRY_MS);
  }
}

/** The status of the answer; 599 when none came. */
async function request(
  { url, token }: { url: string; token: string },
  { f, chat, about }: MembershipChange,
): Promise<number> {
  const path = `/v1/chat/${chat}/members`;
  try {
    const response = await fetch(new URL(f === "join" ? path : `${path}/${about}`, url), {
      method: f === "join" ? "POST" : "DELETE",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      signal: AbortSignal.timeout(ANSWER_MS),
      ...(f === "join" ? { body: JSON.stringify({ user_ids: [about] }) } : {}),
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    return 599;
  }
}
