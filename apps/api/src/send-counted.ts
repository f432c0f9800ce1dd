import { type Identity, ParleyError } from "@parley/contracts";
import { type Engine, findSent, type MessageDraft, type Sent, sendOrRepeat } from "@parley/engine";
import type { RateLimiter } from "@parley/platform";
import type { ApiConfig } from "./config.js";
import { isRateExempt, messageKey, messagePolicy } from "./rate-policies.js";

export interface SendParts {
  engine: Engine;
  limiter: RateLimiter;
  config: ApiConfig;
}

/**
 * Counts a message against its sender's rate and stores it; a retry of something that is stored already gets its answer, however fast
 * its sender is. Resolves after the commit. Refuses: rate_limited, and what `sendMessage` refuses.
 */
export async function sendCounted(
  parts: SendParts,
  input: { actor: Identity; chatId: string; draft: MessageDraft },
): Promise<Sent> {
  const { engine } = parts;
  const send = { ...input, actor: { userId: input.actor.userId, role: input.actor.role } };
  const refusal = await refusedForRate(parts, input.actor);
  if (refusal === undefined) return sendOrRepeat(engine, send);
  const sent = await findSent(engine, send);
  if (sent === null) throw refusal;
  return { message: sent, isRetry: true };
}

async function refusedForRate(
  { limiter, config }: SendParts,
  actor: Identity,
): Promise<ParleyError | undefined> {
  if (isRateExempt(actor.role)) return undefined;
  const decision = await limiter.take(messageKey(actor.userId), messagePolicy(config));
  return decision.allowed
    ? undefined
    : new ParleyError("rate_limited", { retryAfterMs: decision.retryAfterMs });
}
