import type { EngineLog } from "../engine-log.js";
import type { SourceAnswer, UserSource } from "./user-source.js";

/** A person as the user directory knows them. */
export interface DirectoryPerson {
  id: string;
  name: string | null;
  email: string | null;
  picture: string | null;
}

/** What tokens and gateways have said about a person. */
export interface Claims {
  name?: string | null;
  email?: string | null;
  picture?: string | null;
}

export interface PeopleOptions {
  readClaims: (userIds: string[]) => Promise<ReadonlyMap<string, Claims>>;
  source: UserSource | undefined;
  log: EngineLog;
  clock: () => Date;
}

interface Kept {
  person: DirectoryPerson;
  /** Milliseconds since 1970. */
  until: number;
  /** Whether nobody is left to be asked about them. */
  isSettled: boolean;
}

type Read = ReadonlyMap<string, Kept>;

const CAPACITY = 10_000;
const KEPT_MS = 30_000;
/** Of somebody about whom the source has not answered yet. */
const UNSETTLED_MS = 5_000;
/** Of somebody without a name: a newcomer's is on its way. */
const NAMELESS_MS = 1_000;
/** A name is worth no longer wait, and a database that failed is left alone for as long. */
const DATABASE_PATIENCE_MS = 1_000;

/**
 * The user directory of this process: remembers for half a minute who people are, because each event asks. What this process itself
 * writes is seen at once. When the database does not answer, people are who they were, or have no name.
 */
export class People {
  readonly #options: PeopleOptions;
  readonly #kept = new Map<string, Kept>();
  readonly #reading = new Map<string, Promise<Read>>();
  /** What is being written, and therefore not yet to be read. */
  readonly #told = new Map<string, Claims>();
  #restUntil = 0;

  constructor(options: PeopleOptions) {
    this.#options = options;
    options.source?.onNews((userId) => this.forget(userId));
  }

  /** Somebody for each id. Waits up to `patienceMs` for a source that has no answer at hand. Never rejects. */
  async find(userIds: readonly string[], patienceMs = 0): Promise<Map<string, DirectoryPerson>> {
    const now = this.#now();
    const found = new Map<string, DirectoryPerson>();
    const missing = new Set<string>();
    for (const id of new Set(userIds)) {
      const kept = this.#kept.get(id);
      if (kept && kept.until > now && (kept.isSettled || patienceMs === 0)) found.set(id, kept.person);
      else missing.add(id);
    }
    if (missing.size === 0) return found;
    for (const read of await Promise.all(this.#read(missing, patienceMs))) {
      for (const [id, { person }] of read) if (missing.has(id)) found.set(id, person);
    }
    return found;
  }

  /** Says what is being written about a person. Call what it returns when the write is over. */
  note(userId: string, claims: Claims): () => void {
    const told = { ...this.#told.get(userId), ...claims };
    this.#told.set(userId, told);
    this.forget(userId);
    return () => {
      if (this.#told.get(userId) === told) this.#told.delete(userId);
      // A read that began before the commit and ends now does not know of it.
      this.forget(userId);
    };
  }

  /** What is known is asked for anew. */
  forget(userId: string): void {
    this.#kept.delete(userId);
    this.#reading.delete(userId);
  }

  #now(): number {
    return this.#options.clock().getTime();
  }

  /** Readers of the same person share one read, unless one of them has more patience. */
  #read(userIds: Iterable<string>, patienceMs: number): Promise<Read>[] {
    const reads = new Set<Promise<Read>>();
    const alone: string[] = [];
    for (const id of userIds) {
      const shared = patienceMs === 0 ? this.#reading.get(id) : undefined;
      if (shared === undefined) alone.push(id);
      else reads.add(shared);
    }
    if (alone.length > 0) reads.add(this.#begin(alone, patienceMs));
    return [...reads];
  }

  #begin(userIds: string[], patienceMs: number): Promise<Read> {
    const reading = this.#load(userIds, patienceMs).then((read) => {
      for (const [id, kept] of read) {
        if (this.#reading.get(id) !== reading) continue;
        this.#reading.delete(id);
        if (kept.until > this.#now()) this.#keep(id, kept);
      }
      return read;
    });
    for (const id of userIds) this.#reading.set(id, reading);
    return reading;
  }

  #keep(userId: string, kept: Kept): void {
    this.#kept.delete(userId);
    this.#kept.set(userId, kept);
    if (this.#kept.size <= CAPACITY) return;
    const oldest = this.#kept.keys().next();
    if (!oldest.done) this.#kept.delete(oldest.value);
  }

  async #load(userIds: string[], patienceMs: number): Promise<Read> {
    const { source } = this.#options;
    const [claims, answers] = await Promise.all([
      this.#readClaims(userIds),
      this.#askSource(userIds, patienceMs),
    ]);
    const now = this.#now();
    const read = new Map<string, Kept>();
    for (const id of userIds) {
      const answer = answers?.get(id);
      const told = { ...claims?.get(id), ...this.#told.get(id) };
      const person = describe(id, { claims: told, answer, before: claims ? undefined : this.#kept.get(id) });
      const isSettled = source === undefined || (answer !== undefined && answer.known !== "unsure");
      const settledMs = person.name === null ? NAMELESS_MS : KEPT_MS;
      const keptMs = isSettled ? settledMs : UNSETTLED_MS;
      read.set(id, { person, isSettled, until: claims ? now + keptMs : 0 });
    }
    return read;
  }

  async #askSource(userIds: string[], patienceMs: number) {
    try {
      return await this.#options.source?.atHand(userIds, patienceMs);
    } catch (error) {
      this.#options.log.error({ err: error }, "the user source failed");
      return undefined;
    }
  }

  /** Undefined when the database does not say. */
  async #readClaims(userIds: string[]): Promise<ReadonlyMap<string, Claims> | undefined> {
    if (this.#now() < this.#restUntil) return undefined;
    try {
      return await within(this.#options.readClaims(userIds), DATABASE_PATIENCE_MS);
    } catch (error) {
      this.#restUntil = this.#now() + DATABASE_PATIENCE_MS;
      this.#options.log.warn(
        { err: error },
        "could not read the user directory; people have no names for now",
      );
      return undefined;
    }
  }
}

/** The server that owns the users knows better than a token of an hour ago. */
function describe(
  id: string,
  { claims, answer, before }: { claims: Claims; answer: SourceAnswer | undefined; before: Kept | undefined },
): DirectoryPerson {
  const said = answer?.known === "yes" ? answer : undefined;
  return {
    id,
    name: said?.name ?? claims.name ?? before?.person.name ?? null,
    email: claims.email ?? before?.person.email ?? null,
    picture: said?.picture ?? claims.picture ?? before?.person.picture ?? null,
  };
}

function within<Value>(work: Promise<Value>, patienceMs: number): Promise<Value> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`The database took more than ${patienceMs} ms.`));
    const timer = setTimeout(late, patienceMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
