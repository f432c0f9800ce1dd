import type { IncomingHttpHeaders } from "node:http";
import type { PushHeaders, Urgency } from "./push-request.js";
import { Refusal } from "./refusal.js";

const URGENCIES: ReadonlySet<string> = new Set<Urgency>(["very-low", "low", "normal", "high"]);
const TOPIC = /^[A-Za-z0-9_-]{1,32}$/;

/**
 * Reads what RFC 8030 says about a push. Refuses with 400 a missing or malformed `TTL` (whole seconds, section 5.2), an `Urgency`
 * that is none of the four (5.3) and a `Topic` that is not 1 to 32 characters of base64url (5.4).
 */
export function readPushHeaders(headers: IncomingHttpHeaders): PushHeaders {
  const { ttl, urgency = "normal", topic = null } = headers as Record<string, string | undefined>;
  if (ttl === undefined) throw new Refusal(400, "the TTL header is missing");
  if (!/^\d{1,10}$/.test(ttl)) throw new Refusal(400, `the TTL "${ttl}" is not a number of seconds`);
  if (!isUrgency(urgency)) throw new Refusal(400, `the urgency "${urgency}" is none of the four`);
  if (topic !== null && !TOPIC.test(topic)) {
    throw new Refusal(400, `the topic "${topic}" is not 1 to 32 characters of base64url`);
  }
  return { ttl: Number(ttl), urgency, topic, contentEncoding: headers["content-encoding"] ?? null };
}

function isUrgency(word: string): word is Urgency {
  return URGENCIES.has(word);
}
