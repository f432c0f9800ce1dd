import { randomUUID } from "node:crypto";
import type { Log } from "../logger.js";
import type { Redis } from "../redis.js";
import { createPresenceCounter } from "./presence-counter.js";
import { PresenceLease } from "./presence-lease.js";
import { createPresenceReader } from "./presence-reader.js";
import type { PresenceState } from "./presence-state.js";
import { PresenceStore } from "./presence-store.js";
import { sweepLease } from "./presence-sweep.js";
import { type PresenceConnection, PresentUsers } from "./presence-users.js";
import { PresenceWriter } from "./presence-writer.js";

export type { PresenceState } from "./presence-state.js";

export interface PresenceOptions {
  /** A connection of the role `cache`. */
  redis: Redis;
  /** This node's name. */
  node: string;
  log: Log;
  /**
   * A user's cluster-wide status changed because of something that this node did or found out. One node in the cluster is told of each change;
   * where Redis's answer was lost, a change may be told again, but none is left out.
   */
  onChange: (state: PresenceState) => void;
  /** How long a crashed node's users stay; the lease is renewed every third of it. */
  leaseMs?: number;
  /** How long a connection counts after it ended: a page reload is not news. */
  offlineDelayMs?: number;
  /** What all keys begin with. */
  prefix?: string;
  /** Users can be counted by group, where they belong to one each. */
  groupOf?: (userId: string) => string;
  /** How long what is known of somebody stays after the last change; 30 days when left out, and at least some renewals of all leases. */
  keepSeconds?: number;
}

export interface Presence {
  start(): void;
  connected(connection: PresenceConnection): void;
  disconnected(connection: PresenceConnection): void;
  setStatus(connection: PresenceConnection, status: "online" | "away"): void;
  /** The cluster's view, in the order of the ids. Never rejects: while Redis is away it is this node's view. */
  read(userIds: string[]): Promise<PresenceState[]>;
  /** How many users of each group are there in the cluster; null while Redis is away. Never rejects. */
  count(groups: string[]): Promise<Array<number | null>>;
  /** Withdraws this node's users, and tells it; those whose end was not told yet too. */
  stop(): Promise<void>;
}

const LEASE_MS = 15_000;
const OFFLINE_DELAY_MS = 3_000;
/** For what is left under the lease after this node's own users were withdrawn, which is next to nothing. */
const LAST_SWEEP_MS = 5_000;

/**
 * Who is online, for the whole cluster: each node keeps its own users and registers them in Redis under its lease, where each change of a
 * user's cluster-wide status is seen by exactly one node. While Redis is away, nothing is told and nothing is lost.
 */
export function createPresence(options: PresenceOptions): Presence {
  const {
    redis,
    log,
    leaseMs = LEASE_MS,
    offlineDelayMs = OFFLINE_DELAY_MS,
    prefix = "parley:{presence}",
    groupOf,
    keepSeconds,
  } = options;
  const place = { redis, lease: `${options.node}/${randomUUID()}`, leaseMs, prefix };
  const store = new PresenceStore({ ...place, groupOf, keepSeconds });
  const users = new PresentUsers({ offlineDelayMs, onChange: (userId) => writer.mark(userId) });
  const tell = teller(options, users);
  const writer = new PresenceWriter({
    store,
    users,
    tell,
    onFailure: (error) => lease.apart(error),
    onLeaseLost: () => lease.lost(),
  });
  const lease = new PresenceLease({ redis, store, users, writer, tell, log, leaseMs });
  const read = createPresenceReader({ store, users });

  const stop = async () => {
    await lease.stop();
    users.leaveAll();
    try {
      if (!(await writer.flush())) return;
      await store.retire();
      await sweepLease({ store, users, tell, until: performance.now() + LAST_SWEEP_MS }, store.lease);
    } catch (error) {
      log.warn({ err: error }, "Presence ends without Redis: other nodes withdraw this one's users");
    } finally {
      store.close();
    }
  };
  return openPresence({ lease, users, stop, read, count: createPresenceCounter(store) });
}

/** Nothing is taken in any more once it stops: a late connection would stay in Redis for the length of a lease. */
function openPresence(parts: {
  lease: PresenceLease;
  users: PresentUsers;
  read: Presence["read"];
  count: Presence["count"];
  stop: () => Promise<void>;
}): Presence {
  const { lease, users } = parts;
  let stopping: Promise<void> | null = null;
  return {
    start: () => lease.start(),
    connected: (connection) => {
      if (stopping === null) users.connected(connection);
    },
    disconnected: (connection) => users.disconnected(connection),
    setStatus: (connection, status) => users.setStatus(connection, status),
    read: parts.read,
    count: parts.count,
    stop: () => {
      stopping ??= parts.stop();
      return stopping;
    },
  };
}

function teller({ onChange, log }: PresenceOptions, users: PresentUsers): (state: PresenceState) => void {
  return (state) => {
    const user = users.get(state.userId);
    if (user !== undefined) user.told = state.status;
    try {
      onChange(state);
    } catch (error) {
      log.error({ err: error }, "A change of presence could not be told");
    }
  };
}
