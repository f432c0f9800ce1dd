import { describeAnswer } from "./answer-detail.js";
import { type Classified, classifyAnswer, classifyFailure } from "./classify.js";
import type { Clock } from "./clock.js";
import { type Encryption, EncryptionRefused, EncryptionUnavailable } from "./encryption.js";
import { type FittedPayload, fitPayload } from "./fit-payload.js";
import { NO_TIME_LEFT, type PostResult } from "./post-push.js";
import type { Push } from "./push.js";
import type { PushLimits } from "./push-limits.js";
import type { PushOrigin } from "./push-origin.js";
import type { VapidTokens } from "./vapid-tokens.js";

export interface AttemptContext {
  encryption: Encryption;
  tokens: VapidTokens;
  limits: PushLimits;
  clock: Clock;
}

export interface AttemptInput {
  push: Push;
  url: URL;
  origin: PushOrigin;
  fitted: FittedPayload;
}

export interface Attempt extends Classified {
  /** Whether the service was asked, and whether it said anything. */
  result: "answered" | "failed" | "untried";
  statusCode?: number;
  shortened: boolean;
  detail?: string | undefined;
}

/** Has one push encrypted and sent, within one deadline; once more and shorter when the service finds it too large. */
export async function attemptPush(context: AttemptContext, input: AttemptInput): Promise<Attempt> {
  const deadline = context.clock.monotonic() + context.limits.deadlineMs;
  let { fitted } = input;
  try {
    let sent = await sendFitted(context, input, { fitted, deadline });
    if (sent.answer?.statusCode === 413) {
      const smaller = fitPayload(input.push.payload, Math.floor(fitted.bytes / 2));
      if (smaller) {
        fitted = smaller;
        sent = await sendFitted(context, input, { fitted, deadline });
      }
    }
    return judge(context, { ...input, fitted }, sent);
  } catch (error) {
    return judgeEncryption(error, fitted);
  }
}

async function sendFitted(
  { encryption, tokens, clock }: AttemptContext,
  { push, url, origin }: AttemptInput,
  { fitted, deadline }: { fitted: FittedPayload; deadline: number },
): Promise<PostResult> {
  const { keys, ttlSeconds, urgency, topic } = push;
  const { p256dh, auth } = keys;
  const plain = { p256dh, auth, payload: fitted.json, ttlSeconds, urgency, topic };
  const { headers, body } = await encryption.encrypt(plain);
  const all = headers.concat("Authorization", tokens.authorizationFor(origin.origin));
  const path = url.pathname + url.search;
  const post = () => {
    const leftMs = deadline - clock.monotonic();
    // What is late already must not arrive: the caller is told to send it again.
    if (leftMs <= 0) return { failure: NO_TIME_LEFT };
    return origin.connections.post({ path, headers: all, body, leftMs });
  };
  const first = await post();
  return first.failure?.stale ? post() : first;
}

function judge(
  { clock }: AttemptContext,
  { url, origin, fitted: { shortened } }: AttemptInput,
  { answer, failure }: PostResult,
): Attempt {
  if (failure) {
    const { verdict, wasAsked } = classifyFailure(failure);
    return { verdict, result: wasAsked ? "failed" : "untried", shortened, detail: failure.code };
  }
  const { statusCode, text } = answer;
  const { verdict, holdMs } = classifyAnswer(answer, { service: origin.service, now: clock.now() });
  return { verdict, holdMs, result: "answered", statusCode, shortened, detail: describeAnswer(text, url) };
}

function judgeEncryption(error: unknown, { shortened }: FittedPayload): Attempt {
  if (error instanceof EncryptionRefused)
    return {
      verdict: { kind: "refused", reason: "subscription_keys_invalid" },
      result: "untried",
      shortened,
      detail: error.message,
    };
  if (!(error instanceof EncryptionUnavailable)) throw error;
  return {
    verdict: { kind: "retry_later", reason: "encryption_unavailable", afterMs: 1_000 },
    result: "untried",
    shortened,
  };
}
