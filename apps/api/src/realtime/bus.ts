import type { Batch } from "@parley/contracts";
import { type Log, type Redis, tracing } from "@parley/platform";
import { createShardedAdapter } from "@socket.io/redis-adapter";
import type { Sent } from "./batch-inbox.js";
import type { ChatNamespace, ChatServer } from "./socket-types.js";

export interface BusOptions {
  io: ChatServer;
  namespace: ChatNamespace;
  publisher: Redis;
  subscriber: Redis;
  log: Log;
  /** First part of the channels' names. */
  prefix: string;
  onBatch: (batch: Batch, sent: Sent) => void;
  onPublishError?: () => void;
}

/** One packet per commit to every other node. A hint: the receivers count revisions and read from Postgres what a lost packet said. */
export interface Bus {
  publish(batch: Batch): void;
}

const EVENT = "batch";

/**
 * The cluster's bus, on the Redis adapter's own node-to-node channel. `static`: the adapter has two channels per namespace and none per
 * room, so there is no subscription that a join could race with or a reconnect could lose.
 */
export function createBus(options: BusOptions): Bus {
  const { io, namespace, publisher, subscriber } = options;
  countPublishErrors(publisher, options);
  io.adapter(
    createShardedAdapter(publisher, subscriber, {
      subscriptionMode: "static",
      channelPrefix: options.prefix,
    }),
  );
  namespace.on(EVENT, (batch, sentAt, place) => options.onBatch(batch, { sentAt, place }));
  const publish = (batch: Batch) => {
    const place = tracing().here();
    if (place === undefined) return void namespace.serverSideEmit(EVENT, batch, Date.now());
    return void namespace.serverSideEmit(EVENT, batch, Date.now(), place);
  };
  return {
    publish: (batch) => tracing().run({ name: "bus.publish", kind: "producer" }, () => publish(batch)),
  };
}

/** The adapter swallows what goes wrong with a publish; the node must know, because it says how long others wait for its news. */
function countPublishErrors(publisher: Redis, options: BusOptions): void {
  const spublish = publisher.spublish.bind(publisher);
  let failing = false;
  publisher.spublish = (async (...args: Parameters<typeof spublish>) => {
    try {
      const count = await spublish(...args);
      failing = false;
      return count;
    } catch (error) {
      options.onPublishError?.();
      if (!failing)
        options.log.warn({ err: error }, "the bus does not take messages; other nodes read from Postgres");
      failing = true;
      throw error;
    }
  }) as typeof publisher.spublish;
}
