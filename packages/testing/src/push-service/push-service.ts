import type { Behaviour } from "./behaviour.js";
import type { BehaviourOfRequest } from "./behaviour-choice.js";
import type { Delivery, DeliverySummary } from "./delivery-counts.js";
import type { Gate } from "./gates.js";
import type { PushCounters } from "./push-journal.js";
import type { PushRequest, ReceivedPush } from "./push-request.js";
import type { NewSubscription, PushSubscription } from "./push-subscription.js";

/**
 * `full` verifies VAPID and decrypts each push before it is answered. `sample` does so with one push in `sampleEvery` and `none` with
 * none; both look at endpoint, headers and size of all, accept the rest unseen, and decrypt when somebody asks what was doubled or missing.
 */
export type VerifyMode = "full" | "sample" | "none";

export interface PushServiceOptions {
  /** A free one when it is left out. It always listens on 127.0.0.1. */
  port?: number;
  /** What origin and endpoints call the host, for senders with a name resolution of their own; default 127.0.0.1. */
  hostname?: string;
  /** Serves HTTPS with a self-signed certificate: `certificate` is what the sender has to trust. */
  tls?: boolean;
  /** Default `full`. */
  verify?: VerifyMode;
  /** Default 100. */
  sampleEvery?: number;
  /** How many requests are listed, and how many accepted pushes; later ones are only counted. Default 100 000. */
  keep?: number;
  /** How many bytes of undecrypted bodies are held for counting in the cheap modes; default 512 MiB. */
  holdBytes?: number;
  /** Larger bodies are refused with 413; default 4096, which is the least that RFC 8030 allows. */
  maxBodyBytes?: number;
  /** Milliseconds since 1970: judges the age of tokens and pushes. */
  now?: () => number;
}

/** A push service on this machine, and what a test sees of it. Subscriptions are named by their id or their endpoint. */
export interface PushService {
  /** `http://127.0.0.1:<port>`: what a token's `aud` has to be. */
  origin: string;
  /** Host and port. */
  host: string;
  /** PEM, with `tls`; null without. */
  certificate: string | null;
  /** A user agent with a key pair and an endpoint of its own. */
  newSubscription(asked?: NewSubscription): PushSubscription;
  /** From now on its endpoint answers 410. */
  removeSubscription(name: string): void;
  /** All requests to the service in the order of their arrival, refused ones included. */
  requests: readonly PushRequest[];
  /** All accepted pushes in the order of their acceptance, replaced ones included. */
  received: readonly ReceivedPush[];
  /** Yields the accepted pushes, those of the past too, until the service stops. */
  observe(): AsyncIterableIterator<ReceivedPush>;
  /** What the user agent would get if it came back now: without what a later push of the same topic replaced or whose TTL is over. */
  pending(name: string): ReceivedPush[];
  /** The same, and the user agent comes back: what it got is not pending any more and can't be replaced. */
  collect(name: string): ReceivedPush[];
  counters(): PushCounters;
  /** Sets what is done with the pushes to one subscription, or to all others; `undefined` ends it. */
  behave(behaviour: Behaviour | BehaviourOfRequest | undefined, name?: string): void;
  /** Where pushes with the behaviour `slow` wait. */
  gate(name: string): Gate;
  /** The messages that a user agent got more than once. */
  doubled(): Promise<Array<Delivery & { count: number }>>;
  /** The messages of `expected` that their user agents did not get. */
  missing(expected: readonly Delivery[]): Promise<Delivery[]>;
  deliveries(): Promise<DeliverySummary>;
  /** Forgets what came so far, and keeps subscriptions and behaviours: a benchmark's next round. */
  forget(): void;
  /** Breaks all connections off. Rejects with what a function given to `behave` threw, if one did. */
  stop(): Promise<void>;
}
