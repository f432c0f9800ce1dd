import { Redis } from "ioredis";
import { connectionOptions, POLICIES, retryDelay } from "../redis-roles.js";
import type { ClusterConnection } from "./connect-cluster.js";
import { slotConnector } from "./slot-connector.js";
import { slotOf } from "./slot-of.js";

/** What a server says that does not have the slot, or not the whole of it, or not yet. */
const ELSEWHERE = /^(MOVED|ASK|TRYAGAIN|CLUSTERDOWN|READONLY|UNBLOCKED) /;
const RECONNECT_AND_SEND_AGAIN = 2;

/**
 * Connects to the server of a cluster that has the slot of a key, for those whose keys are all there, and follows the slot. This is a client of one server, with
 * its states and its ways to wait: BullMQ's own way to reset a connection to a whole cluster can leave that without an end and a worker waiting for it.
 */
export function connectSlot({ address, role, outages, key }: ClusterConnection & { key: string }): Redis {
  let isMoving = false;
  const { seeds: _, ...credentials } = address;
  const failsAtOnce = POLICIES[role].enableOfflineQueue === false;
  const redis = new Redis({
    ...credentials,
    ...POLICIES[role],
    ...connectionOptions(role),
    enableOfflineQueue: true,
    // One reconnection is what a move takes; what was under way when a connection broke is not done twice.
    ...(failsAtOnce && { maxRetriesPerRequest: 1, autoResendUnfulfilledCommands: false }),
    Connector: slotConnector(address, slotOf(key)),
    retryStrategy: retryDelay,
    reconnectOnError: ({ message }) => {
      if (!ELSEWHERE.test(message)) return false;
      isMoving = true;
      return RECONNECT_AND_SEND_AGAIN;
    },
  });
  if (failsAtOnce) refuseWhileAway(redis, () => isMoving);
  redis.on("error", (error: Error) => {
    isMoving = false;
    outages.away({ err: error });
  });
  // That the slot has another server is no outage.
  redis.on("reconnecting", () => {
    if (!isMoving) outages.away();
  });
  redis.on("ready", () => {
    isMoving = false;
    outages.back();
  });
  return redis;
}

/** Has commands fail at once without a server, as if there were no offline queue: that is for what came when the slot had just moved. */
function refuseWhileAway(redis: Redis, isMoving: () => boolean): void {
  const send = redis.sendCommand.bind(redis);
  redis.sendCommand = (command, stream) => {
    if (redis.status === "ready" || redis.status === "connect" || isMoving()) return send(command, stream);
    command.reject(new Error("The server of the slot is away."));
    return command.promise;
  };
}
