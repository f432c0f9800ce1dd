import { createHash } from "node:crypto";
import { type Identity, ParleyError } from "@parley/contracts";
import type { UserAccess } from "@parley/engine";
import type { Log } from "@parley/platform";

export interface AccessListOptions {
  readAccess: (since: string) => Promise<{ changed: UserAccess[]; next: string }>;
  log: Log;
  everyMs?: number;
}

const EVERY_MS = 10_000;

/**
 * Who may not come in any more, or may read and not write, as this node knows it: read from Postgres at once when another node says that something has changed,
 * and every 10 s in any case, because what another node says may get lost.
 */
export class AccessList {
  readonly #options: AccessListOptions;
  readonly #users = new Map<string, UserAccess>();
  #hasErased = false;
  #since = "0";
  #reading: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: AccessListOptions) {
    this.#options = options;
  }

  /** Reads the whole list, then keeps it up to date. Serves with what it has when the database is away. */
  async start(): Promise<void> {
    await this.refresh();
    this.#timer = setInterval(() => void this.refresh(), this.#options.everyMs ?? EVERY_MS);
    this.#timer.unref();
  }

  refresh(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#read());
    return this.#reading;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Throws token_revoked or user_blocked. */
  assertAllowed(identity: Identity): void {
    const known = this.#knownOf(identity);
    if (known.some(({ blocked }) => blocked)) throw new ParleyError("user_blocked");
    if (known.some((access) => isRevoked(access, identity))) throw new ParleyError("token_revoked");
  }

  /** Until when a user may read and not write, which may be over; null: nobody has muted them. */
  mutedUntil(userId: string): Date | null {
    const until = this.#users.get(userId)?.mutedUntilMs ?? null;
    return until === null ? null : new Date(until);
  }

  refuses(identity: Identity): boolean {
    return this.#knownOf(identity).some((access) => access.blocked || isRevoked(access, identity));
  }

  /** What is known under the person's id, and of whom was erased under it. */
  #knownOf({ userId }: Identity): UserAccess[] {
    const keys = this.#hasErased ? [userId, erasedKey(userId)] : [userId];
    return keys.flatMap((key) => this.#users.get(key) ?? []);
  }

  #note(access: UserAccess): void {
    this.#users.set(access.userId, access);
    if (!access.userId.startsWith(ERASED)) return;
    this.#hasErased = true;
    // The row under the id itself is gone; if there is a new one, it comes with a later change.
    for (const userId of this.#users.keys())
      if (erasedKey(userId) === access.userId) this.#users.delete(userId);
  }

  async #read(): Promise<void> {
    try {
      const { changed, next } = await this.#options.readAccess(this.#since);
      // Those of erased people first: what stands under an id now is newer.
      const isErased = ({ userId }: UserAccess) => userId.startsWith(ERASED);
      for (const access of changed.filter(isErased)) this.#note(access);
      for (const access of changed.filter((one) => !isErased(one))) this.#note(access);
      this.#since = next;
    } catch (error) {
      this.#options.log.warn({ err: error }, "could not read whose access has changed; trying again");
    }
  }
}

const ERASED = "erased:";

/** As the database's function of the same name makes it. */
function erasedKey(userId: string): string {
  return `${ERASED}${createHash("sha256").update(`parley erased user ${userId}`).digest("hex")}`;
}

function isRevoked({ revokedBeforeMs }: UserAccess, { issuedAt = 0 }: Identity): boolean {
  // Tokens know whole seconds: one of the same second may have been issued before, so it goes, too.
  return revokedBeforeMs !== null && issuedAt * 1_000 <= revokedBeforeMs;
}
