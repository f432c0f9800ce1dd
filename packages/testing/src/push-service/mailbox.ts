import type { ReceivedPush } from "./push-request.js";

/** What waits for user agents that are away; a subscription is named by its id. */
export interface Mailbox {
  put(push: ReceivedPush): void;
  pending(subscriptionId: string): ReceivedPush[];
  /** Hands over what is pending. */
  collect(subscriptionId: string): ReceivedPush[];
  forget(): void;
}

/**
 * Makes an empty mailbox. By the clock `now` (milliseconds) it leaves out what has outlived its TTL, a TTL of 0 at once (RFC 8030,
 * section 5.2), and a push replaces a waiting one of the same topic (section 5.4).
 */
export function createMailbox(now: () => number): Mailbox {
  const waiting = new Map<string, Map<string | number, ReceivedPush>>();
  let count = 0;
  const alive = (subscriptionId: string) =>
    [...(waiting.get(subscriptionId)?.values() ?? [])].filter(
      ({ at, headers }) => now() < at + headers.ttl * 1000,
    );
  return {
    put: (push) => {
      const pushes = waiting.get(push.subscription) ?? new Map<string | number, ReceivedPush>();
      waiting.set(push.subscription, pushes);
      // Deleted first, so that the replacement takes its own place in the order.
      if (push.headers.topic !== null) pushes.delete(push.headers.topic);
      pushes.set(push.headers.topic ?? ++count, push);
    },
    pending: alive,
    collect: (subscriptionId) => {
      const delivered = alive(subscriptionId);
      waiting.delete(subscriptionId);
      return delivered;
    },
    forget: () => waiting.clear(),
  };
}
