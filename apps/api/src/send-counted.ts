import { type Identity, ParleyError } from "@parley/contracts";
import {
  assertMayBegin,
  type Engine,
  findSent,
  type MessageDraft,
  type Sent,
  sendOrRepeat,
} from "@parley/engine";
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
 * its sender is. A chat that is still to be made is made once the message is counted and nothing that it says would have it refused, so
 * that the rate bounds new chats as well, and no mistake leaves an empty one. Resolves after the commit. Refuses: rate_limited, and what
 * making the chat and `sendMessage` refuse.
 */
export async function sendCounted(
  parts: SendParts,
  input: { actor: Identity; chatId: string | (() => Promise<string>); draft: MessageDraft },
): Promise<Sent> {
  const { engine } = parts;
  const { chatId, draft } = input;
  const actor = { userId: input.actor.userId, role: input.actor.role };
  const refusal = await refusedForRate(parts, input.actor);
  if (refusal === undefined) {
    if (typeof chatId === "string") return sendOrRepeat(engine, { actor, chatId, draft });
    await assertMayBegin(engine, { actor, draft });
    return sendOrRepeat(engine, { actor, chatId: await chatId(), draft });
  }
  // In a chat that is not there nothing can have been stored.
  const sent = typeof chatId === "string" ? await findSent(engine, { actor, chatId, draft }) : null;
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
