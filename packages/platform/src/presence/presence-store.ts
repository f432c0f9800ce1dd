import { createHash } from "node:crypto";
import type { Redis } from "../redis.js";
import { PRESENCE_SCRIPTS, type PresenceCall, type PresenceScript, runScript } from "./presence-scripts.js";
import type { PresenceState, PresenceStatus } from "./presence-state.js";

export interface PresenceStoreOptions {
  redis: Redis;
  /** The lease's name: of this process, not of a machine, so that a restarted node never inherits its predecessor's users. */
  lease: string;
  leaseMs: number;
  /** With a hash tag: the scripts need all keys on one node of a Redis cluster. */
  prefix: string;
  /** The group that a user is counted in while they are not offline. */
  groupOf?: ((userId: string) => string) | undefined;
  /** How long what is known of somebody stays after the last change. */
  keepSeconds?: number | undefined;
}

/** A user's status on this node. */
export interface PresencePart {
  userId: string;
  status: PresenceStatus;
  /** Milliseconds since the user's last connection here ended. */
  leftMsAgo: number;
}

/** A user's status in the cluster after a change. */
export interface PresenceOutcome extends PresenceState {
  /** null: Redis knew nothing of the user. */
  before: PresenceStatus | null;
}

/** How many users go into one script call: it bounds the time for which a call keeps Redis from everything else. */
export const PRESENCE_BATCH = 200;
const KEEP_SECONDS = 30 * 24 * 3600;
const LEASES_AT_ONCE = 16;
const LONGEST_RAW_KEY = 128;

/**
 * Presence in Redis. Every call rejects when Redis is away or late, and when the connection broke meanwhile: the client then sends the call
 * again by itself, and the second answer would hide what the first one changed. All calls may be repeated.
 *
 * | key                      | type       | content |
 * |--------------------------|------------|---------|
 * | `<prefix>:nodes`         | sorted set | lease → when it runs out, in ms of Redis's clock |
 * | `<prefix>:node:<lease>`  | set        | ids of the users who are connected under the lease |
 * | `<prefix>:user:<userId>` | hash       | `at:<lease>` → online or away there; `status`: over all of them; `seen`: ms, when they went offline last. Kept for 30 days, or `keepSeconds` |
 * | `<prefix>:group:<group>` | set        | ids of the users of a group who are not offline; kept for as long |
 *
 * A lease is a node's name and a random part; the prefix is `parley:{presence}`. Ids longer than 128 characters stand in keys as a hash.
 */
export class PresenceStore {
  readonly #options: PresenceStoreOptions;
  readonly #onClose = () => {
    this.#breaks++;
  };
  #breaks = 0;

  constructor(options: PresenceStoreOptions) {
    this.#options = options;
    options.redis.on("close", this.#onClose);
  }

  /** The name of this node's lease. */
  get lease(): string {
    return this.#options.lease;
  }

  get isReady(): boolean {
    return this.#options.redis.status === "ready";
  }

  /** Extends this node's lease. Not `held`: others may have withdrawn the node's users. */
  async renew(): Promise<{ held: boolean; expired: string[] }> {
    const { lease, leaseMs } = this.#options;
    const call = { keys: [this.#key("nodes")], args: [lease, leaseMs, LEASES_AT_ONCE] };
    const [held, expired] = (await this.#run(PRESENCE_SCRIPTS.renew, call)) as [number, string[]];
    return { held: held === 1, expired };
  }

  /** Stores users' statuses on this node, and extends its lease. */
  async write(parts: readonly PresencePart[]): Promise<{ held: boolean; outcomes: PresenceOutcome[] }> {
    const { lease, leaseMs } = this.#options;
    const keys = [
      this.#key("nodes"),
      this.#key(`node:${lease}`),
      ...parts.map((part) => this.#userKey(part.userId)),
    ];
    const args = parts.flatMap(({ userId, status, leftMsAgo }) => [
      userId,
      status,
      Math.round(leftMsAgo),
      this.#groupKeyOf(userId),
    ]);
    const call = { keys, args: [lease, leaseMs, this.#keepSeconds, ...args] };
    const answer = (await this.#run(PRESENCE_SCRIPTS.write, call)) as ChangeAnswer;
    return {
      held: answer[0] === 1,
      outcomes: outcomesOf(
        answer,
        parts.map((part) => part.userId),
      ),
    };
  }

  /** Takes users from a lease that has run out; `done` when none are left, or when its node is back. */
  async withdraw(
    lost: string,
    userIds: readonly string[],
  ): Promise<{ done: boolean; outcomes: PresenceOutcome[] }> {
    const keys = [
      this.#key("nodes"),
      this.#key(`node:${lost}`),
      ...userIds.map((userId) => this.#userKey(userId)),
    ];
    const args = userIds.flatMap((userId) => [userId, this.#groupKeyOf(userId)]);
    const call = { keys, args: [lost, this.#keepSeconds, ...args] };
    const answer = (await this.#run(PRESENCE_SCRIPTS.withdraw, call)) as ChangeAnswer;
    return { done: answer[0] === 1, outcomes: outcomesOf(answer, userIds) };
  }

  /** Any users of a lease, up to a batch. */
  async usersUnder(lease: string): Promise<string[]> {
    return await this.#options.redis.srandmember(this.#key(`node:${lease}`), PRESENCE_BATCH);
  }

  /** Pages through the users who are registered under this node's lease. */
  async *ownUsers(): AsyncGenerator<string[]> {
    const key = this.#key(`node:${this.#options.lease}`);
    let cursor = "0";
    do {
      const [next, userIds] = await this.#options.redis.sscan(key, cursor, "COUNT", PRESENCE_BATCH);
      yield userIds;
      cursor = next;
    } while (cursor !== "0");
  }

  /** The cluster's view of users, in the order of the ids. */
  async read(userIds: readonly string[]): Promise<PresenceState[]> {
    const call = { keys: userIds.map((userId) => this.#userKey(userId)), args: [] };
    const [now, ...users] = (await this.#run(PRESENCE_SCRIPTS.read, call)) as ReadAnswer;
    return userIds.map((userId, place) => {
      const [status, seen] = users[place] ?? (["offline", -1] as const);
      return { userId, status, lastSeen: lastSeen(status, { now, seen }) };
    });
  }

  /** How many users of each group are not offline anywhere. */
  async count(groups: readonly string[]): Promise<number[]> {
    const call = { keys: groups.map((group) => this.#groupKey(group)), args: [] };
    return (await this.#run(PRESENCE_SCRIPTS.count, call)) as number[];
  }

  /** Lets this node's lease run out at once, so that whoever is still registered under it can be withdrawn. */
  async retire(): Promise<void> {
    const call = { keys: [this.#key("nodes")], args: [this.#options.lease, 0, 0] };
    await this.#run(PRESENCE_SCRIPTS.renew, call);
  }

  close(): void {
    this.#options.redis.off("close", this.#onClose);
  }

  async #run(script: PresenceScript, call: PresenceCall): Promise<unknown> {
    const breaks = this.#breaks;
    const answer = await runScript(this.#options.redis, script, call);
    if (breaks !== this.#breaks) throw new Error("The connection to Redis broke during a call.");
    return answer;
  }

  #key(name: string): string {
    return `${this.#options.prefix}:${name}`;
  }

  get #keepSeconds(): number {
    return this.#options.keepSeconds ?? KEEP_SECONDS;
  }

  #groupKeyOf(userId: string): string {
    const { groupOf } = this.#options;
    return groupOf === undefined ? "" : this.#groupKey(groupOf(userId));
  }

  #groupKey(group: string): string {
    return this.#key(`group:${group}`);
  }

  #userKey(userId: string): string {
    if (userId.length <= LONGEST_RAW_KEY) return this.#key(`user:${userId}`);
    return this.#key(`user:#${createHash("sha256").update(userId).digest("base64url")}`);
  }
}

type ChangeAnswer = [
  flag: number,
  now: number,
  ...users: [PresenceStatus | "", PresenceStatus | "", number][],
];
type ReadAnswer = [now: number, ...users: [PresenceStatus, number][]];

function outcomesOf([, now, ...users]: ChangeAnswer, userIds: readonly string[]): PresenceOutcome[] {
  return users.flatMap(([before, status, seen], place) => {
    const userId = userIds[place];
    if (userId === undefined || status === "") return [];
    return [
      { userId, status, lastSeen: lastSeen(status, { now, seen }), before: before === "" ? null : before },
    ];
  });
}

function lastSeen(status: PresenceStatus, { now, seen }: { now: number; seen: number }): string | null {
  if (status !== "offline") return new Date(now).toISOString();
  return seen < 0 ? null : new Date(seen).toISOString();
}
