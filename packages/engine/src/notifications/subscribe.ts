import { type Actor, LIMITS, ParleyError } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { type EndpointRefusal, judgeEndpoint } from "./endpoint-policy.js";
import { checkPushKeys, type PushKeys } from "./push-keys.js";

export interface SubscribeInput {
  actor: Actor;
  endpoint: string;
  keys: PushKeys;
  /** Language of this device's pushes; the person's when left out. */
  locale?: string | undefined;
}

type Outcome = "created" | "refreshed" | "moved" | "endpoint_taken" | "too_many_subscriptions";

/**
 * Adds a browser to the actor's devices. The same endpoint again gets its new keys; one of another person's comes over only with the very
 * keys that it has there, which only that browser knows.
 * Refuses: invalid_input (endpoint or keys), endpoint_taken, too_many_subscriptions.
 */
export async function subscribe(
  engine: Engine,
  input: SubscribeInput,
): Promise<"created" | "refreshed" | "moved"> {
  const { actor, endpoint, locale } = input;
  const verdict = judgeEndpoint(engine.endpointPolicy, endpoint);
  if (!verdict.allowed) throw refusalOf(verdict.reason);
  const { p256dh, auth } = checkPushKeys(input.keys);
  const values = [
    engine.ids(),
    actor.userId,
    endpoint,
    p256dh,
    auth,
    verdict.origin,
    locale ?? null,
    LIMITS.subscriptionsPerUser,
  ];
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<{ outcome: Outcome }>({
      name: "subscribe-push",
      text: "SELECT subscribe_push($1, $2, $3, $4, $5, $6, $7, $8) AS outcome",
      values,
    }),
  );
  const outcome = rows[0]?.outcome ?? "created";
  if (outcome === "endpoint_taken" || outcome === "too_many_subscriptions") throw new ParleyError(outcome);
  if (outcome === "moved") {
    engine.log.info(
      { userId: actor.userId, origin: verdict.origin },
      "A browser's pushes went to another person",
    );
  }
  return outcome;
}

/** Takes a browser off the actor's devices; one that is not among them is none of theirs, and nothing happens. */
export async function unsubscribe(engine: Engine, input: { actor: Actor; endpoint: string }): Promise<void> {
  const where = { endpoint: input.endpoint, userId: input.actor.userId };
  await guardDatabase(() => engine.database.prisma.pushSubscription.deleteMany({ where }));
}

const REFUSALS: Record<EndpointRefusal, string> = {
  malformed: "must be a URL",
  too_long: "is too long",
  scheme_not_allowed: "must begin with https:",
  userinfo_not_allowed: "must not contain a user name",
  port_not_allowed: "must not name this port",
  address_not_allowed: "must have a host name, not an address",
  host_not_public: "must have a public host",
  host_not_known: "is not at a push service that this server knows",
};

function refusalOf(reason: EndpointRefusal): ParleyError {
  return new ParleyError("invalid_input", { errors: [{ path: "endpoint", message: REFUSALS[reason] }] });
}
