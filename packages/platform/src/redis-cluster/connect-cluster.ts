import { Cluster } from "ioredis";
import type { ClusterAddress } from "../redis-address.js";
import type { RedisOutages } from "../redis-outages.js";
import { connectionOptions, POLICIES, type RedisRole, retryDelay } from "../redis-roles.js";
import { ClusterWatch } from "./cluster-watch.js";
import { listenBySlot, type Subscriptions } from "./listen-by-slot.js";

export interface ClusterConnection {
  address: ClusterAddress;
  role: RedisRole;
  outages: RedisOutages;
}

/** Between two tries of a command that waits for its server. */
const AGAIN_MS = 200;
const SLOTS_EVERY_MS = 5000;
const NO_SUBSCRIPTIONS: Subscriptions = { state: "heard" };
const FIRST_LOOKS = new WeakMap<object, Promise<void>>();

/** Connects to a cluster in the background and for ever, with the policy of a role. */
export function connectCluster({ address, role, outages }: ClusterConnection): Cluster {
  const { enableOfflineQueue = true, ...policy } = POLICIES[role];
  const { seeds, ...credentials } = address;
  // One without an offline queue fails where the others wait: also where a single server of the cluster is away.
  const connection = { ...connectionOptions(role), ...policy, ...credentials };
  const again = enableOfflineQueue ? AGAIN_MS : 0;
  const cluster = new Cluster(seeds, {
    enableOfflineQueue,
    clusterRetryStrategy: retryDelay,
    ...(enableOfflineQueue && { maxRedirections: Number.MAX_SAFE_INTEGER }),
    retryDelayOnFailover: again,
    retryDelayOnClusterDown: again,
    slotsRefreshInterval: SLOTS_EVERY_MS,
    // Names stay names: certificates are made out to them, and they may come to mean another address.
    dnsLookup: (name, callback) => callback(null, name),
    redisOptions: connection,
  });
  endAtOnce(cluster);
  const onChange = () => watch.look();
  const subscriptions =
    role === "subscribe" ? listenBySlot({ cluster, connection, onChange }) : NO_SUBSCRIPTIONS;
  const watch = new ClusterWatch({ cluster, outages, subscriptions: () => subscriptions.state });
  FIRST_LOOKS.set(cluster, watch.firstLook);
  return cluster;
}

/** Resolves when each server has been asked once: before that, commands are refused while their server's connection is being made. */
export async function whenConnected(cluster: object): Promise<void> {
  await FIRST_LOOKS.get(cluster);
}

/** A client that is closed between two tries would never say that it has ended. */
function endAtOnce(cluster: Cluster): void {
  const disconnect = cluster.disconnect.bind(cluster);
  cluster.disconnect = (reconnect = false) => {
    const isBetweenTries = cluster.status === "reconnecting";
    disconnect(reconnect);
    if (reconnect || !isBetweenTries) return;
    cluster.status = "end";
    cluster.emit("end");
  };
}
