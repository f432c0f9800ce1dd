import { type EndpointPolicy, judgeEndpoint } from "@parley/engine";
import type { Log } from "@parley/platform";
import { type Attempt, type AttemptContext, type AttemptInput, attemptPush } from "./attempt-push.js";
import { fitPayload } from "./fit-payload.js";
import type { Turn } from "./origin-lanes.js";
import type { Push } from "./push.js";
import type { PushOrigin } from "./push-origin.js";
import type { PushOrigins } from "./push-origins.js";
import type { PushFacts, PushOutcome, PushVerdict } from "./push-outcome.js";
import type { ServiceAlarms } from "./service-alarms.js";

export interface SendContext extends AttemptContext {
  policy: EndpointPolicy;
  origins: PushOrigins;
  alarms: ServiceAlarms;
  log: Log;
  isClosing: () => boolean;
}

/** For what has no time of its own: soon, but not in a circle. */
const SOON_MS = 1_000;

/** Sends one push: what can be said without a connection, then the wait for a turn, then the turn. */
export async function sendPush(context: SendContext, push: Push): Promise<PushOutcome> {
  const target = judgeEndpoint(context.policy, push.endpoint);
  if (!target.allowed)
    return untried({ kind: "refused", reason: "endpoint_not_allowed" }, { detail: target.reason });
  const facts = { origin: target.origin, service: target.service };
  const fitted = fitPayload(push.payload);
  if (!fitted) return untried({ kind: "too_large", reason: "payload_too_large" }, facts);
  if (context.isClosing()) return untried(later("closing"), facts);
  const origin = context.origins.of(target);
  if (!origin) return untried(later("queue_full"), facts);
  const blocked = blockedNow(origin);
  if (blocked) return untried(blocked, facts);
  const turn = await origin.lanes.enter(push.class);
  if (turn !== "entered") return untried(verdictOf(turn, origin), facts);
  try {
    return await takeTurn(context, { push, url: target.url, origin, fitted });
  } finally {
    origin.lanes.leave(push.class);
  }
}

async function takeTurn(context: SendContext, input: AttemptInput): Promise<PushOutcome> {
  const { origin } = input;
  const facts = { origin: origin.origin, service: origin.service };
  // While this one waited, the service may have asked to be left alone.
  const blocked = blockedNow(origin);
  if (blocked) return untried(blocked, facts);
  const startedAt = context.clock.monotonic();
  const pass = origin.enter();
  let result: Attempt["result"] = "untried";
  try {
    const attempt = await attemptPush(context, input);
    result = attempt.result;
    const verdict = learn(context, origin, attempt);
    const { statusCode, shortened, detail } = attempt;
    const attemptMs = Math.round(context.clock.monotonic() - startedAt);
    const asked = result !== "untried";
    const { origin: name, service } = facts;
    const outcome: PushOutcome = { ...verdict, origin: name, service, attemptMs, asked, shortened };
    if (statusCode !== undefined) outcome.statusCode = statusCode;
    if (detail !== undefined) outcome.detail = detail;
    return outcome;
  } finally {
    const opened = origin.leave(pass, result);
    if (opened)
      context.log.warn(
        { origin: origin.origin },
        "A push service can't be reached; it is left alone for a while",
      );
  }
}

/** What one push's end means for those that follow, and in their light for itself. */
function learn(context: SendContext, origin: PushOrigin, attempt: Attempt): PushVerdict {
  const { verdict, holdMs, statusCode } = attempt;
  if (verdict.kind === "unauthorised") return doubtKeys(context, origin, attempt);
  if (verdict.kind === "accepted") origin.keys.accepted();
  if (holdMs === undefined) return verdict;
  if (origin.status().heldForMs === 0)
    context.log.warn({ origin: origin.origin, holdMs, statusCode }, "A push service asks to be left alone");
  origin.hold(holdMs);
  return verdict;
}

function doubtKeys(
  { tokens, alarms, log }: SendContext,
  origin: PushOrigin,
  { verdict, statusCode, detail }: Attempt,
): PushVerdict {
  tokens.drop(origin.origin);
  alarms.unauthorised(origin.origin, { ...(statusCode === undefined ? {} : { statusCode }), detail });
  const wasHeld = origin.status().heldForMs > 0;
  const { means, holdMs } = origin.keys.refused();
  if (holdMs !== undefined) {
    if (!wasHeld)
      log.error(
        { origin: origin.origin, holdMs, statusCode },
        "A push service takes nothing that is signed with our VAPID key; its pushes wait",
      );
    origin.lanes.turnAway();
  }
  return means === "keys" ? { kind: "unauthorised", reason: "keys_refused" } : verdict;
}

function blockedNow(origin: PushOrigin): PushVerdict | undefined {
  const blocked = origin.blocked();
  return blocked && { kind: "retry_later", ...blocked };
}

function verdictOf(turn: Exclude<Turn, "entered">, origin: PushOrigin): PushVerdict {
  if (turn === "full") return later("queue_full");
  if (turn === "waited_too_long") return later("waited_too_long");
  return blockedNow(origin) ?? later("closing");
}

function later(reason: "closing" | "queue_full" | "waited_too_long"): PushVerdict {
  return { kind: "retry_later", reason, afterMs: SOON_MS };
}

function untried(verdict: PushVerdict, facts: Partial<PushFacts>): PushOutcome {
  return { service: "other", attemptMs: 0, asked: false, shortened: false, ...facts, ...verdict };
}
