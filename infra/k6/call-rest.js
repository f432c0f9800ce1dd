import http from "k6/http";
import { metrics } from "./metrics.js";
import { sleep } from "./sleep.js";

const RETRY_AFTER_MS = 500;

/** "Come again later" is an answer that a client obeys, and no failure. */
const WAITS = [429, 503];

/** Nobody answered, or somebody on the way did: what is asked here may be asked again. */
const UNCERTAIN = [0, 502, 504];

http.setResponseCallback(http.expectedStatuses({ min: 200, max: 399 }, ...WAITS));

/**
 * Asks over REST and resolves to the answer's JSON; asks again as long as it is told to wait or told nothing, until `patienceMs` are over. `name` stands for
 * the address in k6's figures. Throws an Error for every other answer than success.
 */
export async function callRest(url, { method, headers, body, name, patienceMs }) {
  const text = body === undefined ? null : JSON.stringify(body);
  const params = {
    headers: { ...headers, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
    tags: { name },
    timeout: patienceMs,
  };
  const verb = method ?? (body === undefined ? "GET" : "POST");
  const giveUpAt = Date.now() + patienceMs;
  for (;;) {
    const response = await http.asyncRequest(verb, url, text, params);
    const { status } = response;
    const isDone = status >= 200 && status < 300;
    if (isDone || !WAITS.includes(status)) metrics.failed.add(!isDone);
    if (isDone) return response.body ? response.json() : undefined;
    if (![...WAITS, ...UNCERTAIN].includes(status) || Date.now() > giveUpAt) {
      throw new Error(`${verb} ${url}: ${status} ${response.error || response.body}`);
    }
    if (WAITS.includes(status)) metrics.refused.add(1);
    await sleep(Number(response.headers["Retry-After"] ?? 0) * 1_000 || RETRY_AFTER_MS);
  }
}
