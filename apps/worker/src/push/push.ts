import type { PushUrgency } from "./encryption.js";
import type { PushPayload } from "./fit-payload.js";
import type { PushClass } from "./origin-lanes.js";

/** One push to one subscription. */
export interface Push {
  endpoint: string;
  /** As the browser gave them, in base64url. */
  keys: { p256dh: string; auth: string };
  payload: PushPayload;
  /** Seconds for which the service keeps what it can't deliver at once: 0 to 2,419,200 (four weeks). */
  ttlSeconds: number;
  urgency: PushUrgency;
  /** A later push with the same topic takes the place of one that waits: at most 32 characters of base64url. */
  topic?: string;
  class: PushClass;
}

const MAX_TTL_SECONDS = 28 * 24 * 3600;
const URGENCIES: readonly string[] = ["very-low", "low", "normal", "high"] satisfies PushUrgency[];

/** Throws a `RangeError` for what only our own code can have got wrong. */
export function assertSendable({ ttlSeconds, urgency, topic }: Push): void {
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 0 || ttlSeconds > MAX_TTL_SECONDS)
    throw new RangeError(`A push lives 0 to ${MAX_TTL_SECONDS} whole seconds, not ${ttlSeconds}.`);
  if (!URGENCIES.includes(urgency)) throw new RangeError(`There is no urgency "${urgency}".`);
  if (topic !== undefined && !/^[\w-]{1,32}$/.test(topic))
    throw new RangeError("A topic is 1 to 32 characters of base64url.");
}
