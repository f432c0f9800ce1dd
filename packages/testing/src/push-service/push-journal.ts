import { createArrivals } from "./arrivals.js";
import type { DeliveryCounts } from "./delivery-counts.js";
import { createMailbox } from "./mailbox.js";
import type { PushRequest, ReceivedPush } from "./push-request.js";
import type { SubscriptionRecord } from "./push-subscription.js";

/** What the service has seen, since it was started or since it was last told to forget. */
export interface PushCounters {
  /** All requests to the service, refused ones and those outside of push endpoints included. */
  requests: number;
  accepted: number;
  /** In which the protocol found a fault, whatever was answered. */
  refused: number;
  /** Requests by the status of their answer, or by the behaviour where no status went out. */
  answers: Record<string, number>;
  /** Whose sender closed the connection before the answer was complete. */
  abandoned: number;
  /** Requests that were counted and not listed, because the lists are full (`keep`). */
  unlisted: number;
  /** Sockets opened by senders: far fewer than requests when they keep them alive. */
  connections: number;
  openConnections: number;
  /** Requests under way: begun and not yet answered. */
  concurrent: number;
  /** Pushes that are answered at once hardly ever meet here: to see how many a sender has under way, let them wait at a gate. */
  maxConcurrent: number;
}

/** The service's memory: what came, what was accepted, and what waits for each user agent. */
export interface PushJournal {
  readonly requests: readonly PushRequest[];
  readonly received: readonly ReceivedPush[];
  readonly counters: PushCounters;
  note(request: PushRequest): void;
  accept(push: AcceptedPush): void;
  answered(answer: string): void;
  observe(): AsyncIterableIterator<ReceivedPush>;
  pending(subscriptionId: string): ReceivedPush[];
  collect(subscriptionId: string): ReceivedPush[];
  forget(): void;
  /** Ends all observation. */
  end(): void;
}

export interface AcceptedPush {
  request: PushRequest;
  subscription: SubscriptionRecord;
  body: Buffer;
}

interface JournalContext {
  keep: number;
  now: () => number;
  counts: DeliveryCounts;
  counters: PushCounters;
}

/** Counters of nothing. */
export const noCounters = (): PushCounters => ({
  requests: 0,
  accepted: 0,
  refused: 0,
  answers: {},
  abandoned: 0,
  unlisted: 0,
  connections: 0,
  openConnections: 0,
  concurrent: 0,
  maxConcurrent: 0,
});

/** Makes an empty journal that lists `keep` requests and `keep` accepted pushes at most. */
export function createPushJournal({ keep, now, counts, counters }: JournalContext): PushJournal {
  const requests: PushRequest[] = [];
  const received: ReceivedPush[] = [];
  const mailbox = createMailbox(now);
  const arrivals = createArrivals(received);
  const fullMailbox = () => {
    const unlisted = counters.accepted - received.length;
    if (unlisted > 0) throw new Error(`${unlisted} accepted pushes were not listed (keep)`);
    return mailbox;
  };
  return {
    requests,
    received,
    counters,
    note: (request) => {
      if (request.refusal !== null) counters.refused += 1;
      if (requests.length < keep) requests.push(request);
      else counters.unlisted += 1;
    },
    accept: (push) => {
      counters.accepted += 1;
      const { request } = push;
      request.accepted = true;
      countDelivery(counts, push);
      if (received.length >= keep || !isReceived(request)) return;
      received.push(request);
      mailbox.put(request);
      arrivals.tell();
    },
    answered: (answer) => {
      counters.answers[answer] = (counters.answers[answer] ?? 0) + 1;
    },
    observe: arrivals.observe,
    pending: (subscriptionId) => fullMailbox().pending(subscriptionId),
    collect: (subscriptionId) => fullMailbox().collect(subscriptionId),
    forget: () => {
      forgetCounters(counters);
      requests.length = 0;
      received.length = 0;
      mailbox.forget();
      counts.forget();
      arrivals.tell();
    },
    end: arrivals.end,
  };
}

function countDelivery(counts: DeliveryCounts, { request, subscription, body }: AcceptedPush): void {
  if (request.verified || body.length === 0) counts.count(subscription.id, request.payload?.json);
  else counts.hold(subscription, body);
}

/** What is under way stays. */
function forgetCounters(counters: PushCounters): void {
  const { openConnections, concurrent } = counters;
  Object.assign(counters, noCounters(), { openConnections, concurrent, maxConcurrent: concurrent });
}

function isReceived(request: PushRequest): request is ReceivedPush {
  return request.accepted && request.subscription !== null && request.headers !== null;
}
