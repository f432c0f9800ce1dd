import type { Behaviour, CountingBehaviour, SettledBehaviour } from "./behaviour.js";
import type { PushRequest } from "./push-request.js";

/** Decides by the request, which was verified already; `undefined` stands for accepting. */
export type BehaviourOfRequest = (request: PushRequest) => Behaviour | undefined;

/** What was set for the service and for single subscriptions. */
export interface BehaviourChoice {
  /** Replaces what was set before for that subscription, or for the service, and begins to count anew; `undefined` ends it. */
  set(behaviour: Behaviour | BehaviourOfRequest | undefined, subscriptionId?: string): void;
  /** What to do with this request. What is set for its subscription comes before what is set for the service. */
  choose(request: PushRequest): SettledBehaviour;
}

type Counts = WeakMap<Behaviour, Map<string, number>>;

const ACCEPT: SettledBehaviour = { kind: "accept" };

/** Makes a choice for which nothing was set: everything is accepted. */
export function createBehaviourChoice(): BehaviourChoice {
  const bySubscription = new Map<string | undefined, Behaviour | BehaviourOfRequest>();
  const counts: Counts = new WeakMap();
  return {
    set: (behaviour, subscriptionId) => {
      if (behaviour === undefined) bySubscription.delete(subscriptionId);
      // A copy has counted nothing yet, and does not change when the caller's object does.
      else
        bySubscription.set(
          subscriptionId,
          typeof behaviour === "function" ? behaviour : structuredClone(behaviour),
        );
    },
    choose: (request) => {
      const set = bySubscription.get(request.subscription ?? undefined) ?? bySubscription.get(undefined);
      const behaviour = typeof set === "function" ? set(request) : set;
      return settle(counts, { behaviour, request });
    },
  };
}

function settle(
  counts: Counts,
  { behaviour, request }: { behaviour: Behaviour | undefined; request: PushRequest },
): SettledBehaviour {
  if (behaviour === undefined) return ACCEPT;
  if (behaviour.kind !== "times" && behaviour.kind !== "every") return behaviour;
  const next = isFirst(counts, { behaviour, request }) ? behaviour.first : behaviour.rest;
  return settle(counts, { behaviour: next, request });
}

function isFirst(
  counts: Counts,
  { behaviour, request }: { behaviour: CountingBehaviour; request: PushRequest },
): boolean {
  const counted = counts.get(behaviour) ?? new Map<string, number>();
  counts.set(behaviour, counted);
  const who =
    behaviour.kind === "times" && behaviour.each === "subscription" ? (request.subscription ?? "") : "";
  const count = (counted.get(who) ?? 0) + 1;
  counted.set(who, count);
  return behaviour.kind === "times" ? count <= behaviour.times : count % behaviour.nth === 0;
}
