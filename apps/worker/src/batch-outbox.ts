import { type Batch, busChannels } from "@parley/contracts";
import { type Redis, tracing } from "@parley/platform";

export interface BatchOutboxOptions {
  /** A connection of the role `publish`. */
  redis: Redis;
  /** First part of the channel's name. */
  prefix: string;
  onError: (error: unknown) => void;
}

/** Makes the engine's `publish` for a process without sockets: the API nodes listen on one channel for what they are to deliver. */
export function createBatchOutbox({ redis, prefix, onError }: BatchOutboxOptions): (batch: Batch) => void {
  const { batches } = busChannels(prefix);
  return (batch) => {
    redis
      .spublish(batches, JSON.stringify({ batch, sentAt: Date.now(), place: tracing().here() }))
      .catch(onError);
  };
}
