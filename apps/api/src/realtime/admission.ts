import { ParleyError } from "@parley/contracts";

/** As much of a transport as is needed to know it again. */
type Transport = object;

/** Counts who is let in, before anything is awaited for them: two that come at once can't both take the last place. */
export class Admission {
  readonly #limits: { connections: number; perUser: number };
  readonly #users = new Map<string, number>();
  readonly #transports = new WeakSet<Transport>();
  #count = 0;

  constructor(limits: { connections: number; perUser: number }) {
    this.#limits = limits;
  }

  /** Takes a place and returns what gives it back, once. Throws too_many_connections. */
  enter(userId: string, transport: Transport): () => void {
    const open = this.#users.get(userId) ?? 0;
    // One connection per transport: several would share one slow reader and one heartbeat.
    if (this.#transports.has(transport)) throw new ParleyError("too_many_connections");
    if (open >= this.#limits.perUser || this.#count >= this.#limits.connections) {
      throw new ParleyError("too_many_connections");
    }
    this.#transports.add(transport);
    this.#users.set(userId, open + 1);
    this.#count++;
    let isHere = true;
    return () => {
      if (isHere) this.#leave(userId);
      isHere = false;
    };
  }

  #leave(userId: string): void {
    const open = this.#users.get(userId) ?? 0;
    if (open <= 1) this.#users.delete(userId);
    else this.#users.set(userId, open - 1);
    this.#count--;
  }
}
