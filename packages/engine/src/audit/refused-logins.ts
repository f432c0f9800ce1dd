import type { ErrorCode } from "@parley/contracts";
import type { Database } from "../database/database.js";
import type { EngineLog } from "../engine-log.js";
import type { Prisma } from "../generated/prisma/client.js";

export interface RefusedLoginsOptions {
  database: Database;
  log: EngineLog;
}

/** Logins of one address that were refused for one reason, in one minute. */
interface Counted {
  address: string | null;
  reason: ErrorCode;
  count: number;
}

const GATHERED_MS = 60_000;
/** Addresses and reasons told apart in one minute; further addresses are counted together, by reason. */
const MOST_APART = 500;
const LONGEST_ADDRESS = 64;

/**
 * Gathers refused logins for the audit log: a flood of bad tokens is one statement a minute and at most a few hundred rows, written when nobody
 * waits for it. Lost with a process that is killed.
 */
export class RefusedLogins {
  readonly #options: RefusedLoginsOptions;
  #counted = new Map<string, Counted>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RefusedLoginsOptions) {
    this.#options = options;
  }

  /** Costs a look into a map. */
  note(login: { address: string | undefined; reason: ErrorCode }): void {
    const address = login.address?.slice(0, LONGEST_ADDRESS) ?? null;
    const own = `${login.reason} ${address}`;
    const isApart = this.#counted.has(own) || this.#counted.size < MOST_APART;
    const key = isApart ? own : `${login.reason} *`;
    const counted = this.#counted.get(key);
    if (counted) counted.count++;
    else this.#counted.set(key, { address: isApart ? address : null, reason: login.reason, count: 1 });
    this.#timer ??= setTimeout(() => void this.flush(), GATHERED_MS).unref();
  }

  /** Writes what was gathered. Never rejects: what can't be written is said in the log, and lost. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const counted = [...this.#counted.values()];
    this.#counted = new Map();
    if (counted.length === 0) return;
    try {
      await this.#options.database.prisma.auditEntry.createMany({
        data: counted.map((logins) => this.#rowOf(logins)),
      });
    } catch (error) {
      const lost = counted.reduce((sum, { count }) => sum + count, 0);
      this.#options.log.warn({ err: error, lost }, "Refused logins could not be written to the audit log");
    }
  }

  #rowOf({ address, reason, count }: Counted): Prisma.AuditEntryCreateManyInput {
    return { action: "login.refused", outcome: "refused", reason, address, detail: { count } };
  }
}
