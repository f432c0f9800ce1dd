import { ParleyError } from "@parley/contracts";
import { findSent, type MessageDraft, sendMessage } from "@parley/engine";
import { draftOf } from "../../native/draft-of.js";
import { presentMessage } from "../../native/present-message.js";
import { isRateExempt, messageKey, messagePolicy } from "../../rate-policies.js";
import type { CommandContext, CommandHandler } from "./command-context.js";

export const messageSend: CommandHandler<"send_message"> = async (context, input) => {
  const { engine, connection } = context;
  const { actor } = connection;
  const send = { actor, chatId: input.chatId, draft: draftOf(input.message) };
  const refusal = await refusedForRate(context);
  if (refusal !== undefined) return { message: presentMessage(await original(context, { send, refusal })) };
  return { message: presentMessage(await sendMessage(engine, send)) };
};

async function refusedForRate(context: CommandContext): Promise<ParleyError | undefined> {
  const { limiter, config, connection } = context;
  if (isRateExempt(connection.identity.role)) return undefined;
  const decision = await limiter.take(messageKey(connection.userId), messagePolicy(config));
  return decision.allowed
    ? undefined
    : new ParleyError("rate_limited", { retryAfterMs: decision.retryAfterMs });
}

/** A retry of something that is stored already gets its answer, however fast its sender is. */
async function original(
  { engine, connection }: CommandContext,
  input: { send: { chatId: string; draft: MessageDraft }; refusal: ParleyError },
) {
  const sent = await findSent(engine, { ...input.send, actor: connection.actor });
  if (sent === null) throw input.refusal;
  return sent;
}
