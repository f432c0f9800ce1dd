import type { PresenceStatus } from "./presence-state.js";

export interface PresenceConnection {
  id: string;
  userId: string;
}

/** A user whom this node has registered in Redis, or is about to register or withdraw. */
export interface PresentUser {
  readonly connections: Map<string, OpenConnection>;
  /** When the last connection ended, in the process's monotonic ms. */
  leftAt: number;
  /** The cluster-wide status that this node heard of last. */
  told: PresenceStatus;
  /** A change may have happened in Redis without this node hearing of it. */
  isUnsure: boolean;
}

interface OpenConnection {
  status: "online" | "away";
  /** Runs once the connection has ended: it counts a while longer, because most who leave are only reloading. */
  leaving: NodeJS.Timeout | null;
}

export interface PresentUsersOptions {
  offlineDelayMs: number;
  /** The user's status on this node may have changed. */
  onChange: (userId: string) => void;
}

/** Who is connected to this node, with which status. Knows nothing of the cluster. */
export class PresentUsers {
  readonly #options: PresentUsersOptions;
  readonly #users = new Map<string, PresentUser>();

  constructor(options: PresentUsersOptions) {
    this.#options = options;
  }

  get(userId: string): PresentUser | undefined {
    return this.#users.get(userId);
  }

  ids(): IterableIterator<string> {
    return this.#users.keys();
  }

  statusOf(userId: string): PresenceStatus {
    let status: PresenceStatus = "offline";
    for (const connection of this.#users.get(userId)?.connections.values() ?? []) {
      if (connection.status === "online") return "online";
      status = "away";
    }
    return status;
  }

  connected({ id, userId }: PresenceConnection): void {
    this.#change(userId, (user) => {
      stopLeaving(user.connections.get(id));
      user.connections.set(id, { status: "online", leaving: null });
    });
  }

  disconnected({ id, userId }: PresenceConnection): void {
    const user = this.#users.get(userId);
    const connection = user?.connections.get(id);
    if (user === undefined || connection === undefined || connection.leaving !== null) return;
    user.leftAt = performance.now();
    connection.leaving = setTimeout(() => this.#drop(userId, id), this.#options.offlineDelayMs);
  }

  setStatus({ id, userId }: PresenceConnection, status: "online" | "away"): void {
    const connection = this.#users.get(userId)?.connections.get(id);
    if (connection === undefined || connection.leaving !== null) return;
    this.#change(userId, (user) => {
      // What the user says now outweighs the tab that they have just closed.
      for (const [other, { leaving }] of user.connections) if (leaving !== null) forget(user, other);
      connection.status = status;
    });
  }

  /** Redis may hold, or have lost, something about the user that this node has not heard of: it must be asked. */
  doubt(userId: string): void {
    const user = this.#users.get(userId) ?? this.#add(userId);
    // Whatever Redis answers is news then, unless it is "online", which all have been told already.
    user.told = "online";
    user.isUnsure = true;
    this.#options.onChange(userId);
  }

  /** Ends all connections at once, those that were leaving too. */
  leaveAll(): void {
    for (const [userId, user] of this.#users) {
      for (const [id, { leaving }] of user.connections) {
        if (leaving === null) user.leftAt = performance.now();
        forget(user, id);
      }
      this.#options.onChange(userId);
    }
  }

  /** The cluster knows that the user is gone. */
  forget(userId: string): void {
    if (this.#users.get(userId)?.connections.size === 0) this.#users.delete(userId);
  }

  #drop(userId: string, id: string): void {
    this.#change(userId, (user) => forget(user, id));
  }

  #change(userId: string, change: (user: PresentUser) => void): void {
    const before = this.statusOf(userId);
    change(this.#users.get(userId) ?? this.#add(userId));
    if (this.statusOf(userId) !== before) this.#options.onChange(userId);
  }

  #add(userId: string): PresentUser {
    const user = {
      connections: new Map(),
      leftAt: performance.now(),
      told: "offline" as const,
      isUnsure: false,
    };
    this.#users.set(userId, user);
    return user;
  }
}

function forget(user: PresentUser, id: string): void {
  stopLeaving(user.connections.get(id));
  user.connections.delete(id);
}

function stopLeaving(connection: OpenConnection | undefined): void {
  if (connection !== undefined && connection.leaving !== null) clearTimeout(connection.leaving);
}
