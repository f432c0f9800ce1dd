import type { PushServiceName } from "@parley/engine";

/** What became of a push. The first word says what to do with it, `reason` why. */
export type PushOutcome = PushFacts & PushVerdict;

export type PushVerdict =
  /** The service has it. */
  | { kind: "accepted"; reason: "accepted" }
  /** The subscription is over: remove it. */
  | { kind: "gone"; reason: "subscription_gone" }
  /** Even the shortest form was too long. */
  | { kind: "too_large"; reason: "payload_too_large" | "too_large_for_service" }
  /** Nothing is wrong with the push: try again, and not before `afterMs` (a whole number, at least 1) have passed. */
  | { kind: "retry_later"; reason: RetryReason; afterMs: number }
  /** This push will never be taken; the subscription stays. */
  | { kind: "refused"; reason: RefusalReason }
  /**
   * The service does not accept the keys or the token: somebody must look. `keys_refused`: it takes nothing that is signed by us, so that this was no
   * try of the push; else the subscription may belong to other keys.
   */
  | { kind: "unauthorised"; reason: "unauthorised" | "keys_refused" };

export type RetryReason =
  /** The service said that there is too much. */
  | "throttled"
  /** The service said that it is in trouble. */
  | "service_failed"
  /** There was no whole answer in time. */
  | "timed_out"
  /** No connection, or one that broke. */
  | "connection_failed"
  /** The service has asked to be left alone, and the time is not over. */
  | "origin_held"
  /** The service could not be reached the last times. */
  | "circuit_open"
  /** Too many pushes wait for this service already. */
  | "queue_full"
  /** No connection became free in time. */
  | "waited_too_long"
  | "encryption_unavailable"
  /** This process ends. */
  | "closing";

export type RefusalReason =
  | "bad_request"
  | "redirected"
  /** Any other status that says no for good. */
  | "status_refused"
  | "endpoint_not_allowed"
  | "address_not_public"
  | "subscription_keys_invalid";

export interface PushFacts {
  /** What the service answered, when it did. */
  statusCode?: number;
  /** From the turn to the end of the answer, encryption included; 0 when the push had no turn. */
  attemptMs: number;
  /** Whether the service was asked. A push that was held back has used up no attempt. */
  asked: boolean;
  /** `https://host`, when the endpoint has one that may be asked. */
  origin?: string;
  service: PushServiceName;
  /** Whether the text was cut to fit. */
  shortened: boolean;
  /** More of the reason, for a log or an operator: the service's own words (at most 200 characters) or an error's code. */
  detail?: string;
}
