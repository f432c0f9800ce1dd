import type { BehaviourKind } from "./behaviour.js";
import type { Vapid } from "./verify-vapid.js";

export type Urgency = "very-low" | "low" | "normal" | "high";

/** What RFC 8030 lets a sender say about a push. */
export interface PushHeaders {
  /** Seconds for which the push may wait for its user agent. */
  ttl: number;
  /** `normal` when the sender did not say. */
  urgency: Urgency;
  topic: string | null;
  contentEncoding: string | null;
}

export interface PushPayload {
  text: string;
  /** The text as JSON; `undefined` when it is none. */
  json: unknown;
}

/** What became of a request: what was done with it and, when a status line went out, its status. */
export interface PushAnswer {
  kind: BehaviourKind | "refusal";
  status: number | null;
  /** Bytes of the body handed to the connection so far; grows while a flood or a drip goes on. */
  bodyBytes: number;
}

/** One POST to this service, whatever became of it. What comes before its refusal is filled in, what comes after is null. */
export interface PushRequest {
  /** When its body was complete: milliseconds of the service's clock. */
  at: number;
  /** The subscription's id; null when the endpoint is unknown. */
  subscription: string | null;
  headers: PushHeaders | null;
  vapid: Vapid | null;
  /** Null for a push without a body, and for one that was not decrypted. */
  payload: PushPayload | null;
  /** Bytes of the body as it came, before decryption. */
  bodySize: number;
  /** Whether VAPID and encryption were checked: always, except in the modes `none` and `sample`. */
  verified: boolean;
  /** What the protocol finds wrong with it, whether or not that is what was answered. */
  refusal: { status: number; reason: string } | null;
  /** Whether the user agent gets it, whether or not the sender learns that. */
  accepted: boolean;
  /** Null while it waits at a gate. */
  answer: PushAnswer | null;
  /** Whether the sender closed the connection before the answer was complete. */
  abandoned: boolean;
}

/** A push that its user agent gets. */
export interface ReceivedPush extends PushRequest {
  subscription: string;
  headers: PushHeaders;
  accepted: true;
}
