import { setTimeout as sleep } from "node:timers/promises";
import type { RestAnswer, RestClient } from "../rest-client.js";

const PATIENCE_MS = 60_000;
const RETRY_MS = 500;

/** Asks again for a while when nobody answers or the server can't: what a run needs itself does not depend on a busy machine. */
export async function persistentRequest<Body = Record<string, unknown>>(
  rest: RestClient,
  { method, path, body }: { method: string; path: string; body?: unknown },
): Promise<RestAnswer<Body>> {
  for (const deadline = performance.now() + PATIENCE_MS; ; await sleep(RETRY_MS)) {
    try {
      const answer = await rest.request<Body>(method, path, body);
      if (answer.status < 500 || performance.now() > deadline) return answer;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
  }
}
