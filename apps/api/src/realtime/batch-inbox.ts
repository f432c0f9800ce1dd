import { type Batch, busChannels } from "@parley/contracts";
import type { Log, Redis, TracePlace } from "@parley/platform";

/** What comes with a batch. */
export interface Sent {
  sentAt: number;
  /** In which trace it was published, if in any. */
  place?: TracePlace | undefined;
}

export interface BatchInboxOptions {
  subscriber: Redis;
  /** First part of the channel's name. */
  prefix: string;
  onBatch: (batch: Batch, sent: Sent) => void;
  log: Log;
}

/** Where processes without sockets (the worker) hand in what all nodes are to deliver: they are no part of the adapter's bus. */
export function openBatchInbox({ subscriber, prefix, onBatch, log }: BatchInboxOptions): { close(): void } {
  const inbox = busChannels(prefix).batches;
  const name = Buffer.from(inbox);
  const onMessage = (channel: Buffer, text: Buffer) => {
    if (!channel.equals(name)) return;
    try {
      const { batch, ...sent } = JSON.parse(text.toString()) as { batch: Batch } & Sent;
      onBatch(batch, sent);
    } catch (error) {
      log.error({ err: error }, "a batch from another process could not be delivered");
    }
  };
  subscriber.on("smessageBuffer", onMessage);
  // Without Redis now, the subscription is made when it comes.
  subscriber.ssubscribe(inbox).catch(() => undefined);
  return { close: () => void subscriber.off("smessageBuffer", onMessage) };
}
