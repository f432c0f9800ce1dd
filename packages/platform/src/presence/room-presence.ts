import { createPresence, type PresenceOptions } from "./presence.js";

/** Somebody in a room. Rooms are named without spaces. */
export interface Visitor {
  room: string;
  userId: string;
}

export interface RoomPresenceOptions
  extends Pick<PresenceOptions, "redis" | "node" | "log" | "leaseMs" | "offlineDelayMs"> {
  /** What all keys begin with; with a hash tag. */
  prefix: string;
  /**
   * Somebody's first connection to a room, in the whole cluster, has opened, or their last one has closed. One node in the cluster is told
   * of each; where Redis's answer was lost it may be told again, but none is left out.
   */
  onChange: (change: Visitor & { isHere: boolean }) => void;
}

/** Who is in which room. */
export interface RoomPresence {
  start(): void;
  entered(visitor: Visitor, connectionId: string): void;
  /** Whether the connection was in the room. */
  left(visitor: Visitor, connectionId: string): boolean;
  /** How many people are in each room, over all nodes; while Redis is away, how many on this node. One call for 200 rooms. Never rejects. */
  count(rooms: string[]): Promise<number[]>;
  /** Those of the named people who are in the room; while Redis is away, those who are in it on this node. Never rejects. */
  present(room: string, userIds: readonly string[]): Promise<Set<string>>;
  /** Withdraws this node's visitors, and tells it. */
  stop(): Promise<void>;
}

/** Nobody asks when somebody was last in a room; it only has to outlast the times when everything is written anew. */
const KEEP_SECONDS = 3_600;

/**
 * Who is in which room, for the whole cluster. It is presence once more, of people in rooms instead of people: a crashed node's visitors leave
 * when its lease runs out, and while Redis is away nothing is told and nothing lost.
 */
export function createRoomPresence(options: RoomPresenceOptions): RoomPresence {
  const here = new LocalVisitors();
  const presence = createPresence({
    ...options,
    keepSeconds: KEEP_SECONDS,
    groupOf: (key) => visitorOf(key).room,
    onChange: ({ userId: key, status }) =>
      options.onChange({ ...visitorOf(key), isHere: status !== "offline" }),
  });
  return {
    start: () => presence.start(),
    entered: (visitor, connectionId) => {
      here.add(visitor, connectionId);
      presence.connected({ id: connectionId, userId: keyOf(visitor) });
    },
    left: (visitor, connectionId) => {
      presence.disconnected({ id: connectionId, userId: keyOf(visitor) });
      return here.remove(visitor, connectionId);
    },
    count: async (rooms) => {
      const counts = await presence.count(rooms);
      // Who has just come may not have reached Redis yet.
      return rooms.map((room, place) => Math.max(counts[place] ?? 0, here.count(room)));
    },
    present: async (room, userIds) => {
      const states = await presence.read(userIds.map((userId) => keyOf({ room, userId })));
      return new Set(userIds.filter((_, place) => states[place]?.status !== "offline"));
    },
    stop: () => presence.stop(),
  };
}

function keyOf({ room, userId }: Visitor): string {
  return `${room} ${userId}`;
}

function visitorOf(key: string): Visitor {
  const space = key.indexOf(" ");
  return { room: key.slice(0, space), userId: key.slice(space + 1) };
}

/** Which connections to this node are in which room. */
class LocalVisitors {
  readonly #rooms = new Map<string, Map<string, Set<string>>>();

  count(room: string): number {
    return this.#rooms.get(room)?.size ?? 0;
  }

  add({ room, userId }: Visitor, connectionId: string): void {
    const users = this.#rooms.get(room) ?? new Map<string, Set<string>>();
    this.#rooms.set(room, users);
    users.set(userId, (users.get(userId) ?? new Set()).add(connectionId));
  }

  remove({ room, userId }: Visitor, connectionId: string): boolean {
    const users = this.#rooms.get(room);
    const connections = users?.get(userId);
    if (users === undefined || connections?.delete(connectionId) !== true) return false;
    if (connections.size === 0) users.delete(userId);
    if (users.size === 0) this.#rooms.delete(room);
    return true;
  }
}
