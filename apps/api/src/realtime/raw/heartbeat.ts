import type { RawConnection } from "./raw-connection.js";

const EVERY_MS = 20_000;

/** Asks silent clients whether they are still there and ends those that say nothing. One timer for all connections. */
export class Heartbeat {
  readonly #idleMs = new Map<RawConnection, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(everyMs = EVERY_MS) {
    this.#timer = setInterval(() => this.#beat(), everyMs);
    this.#timer.unref();
  }

  /** @param idleMs Without a frame or a pong for so long, the connection is over. */
  watch(connection: RawConnection, idleMs: number): void {
    this.#idleMs.set(connection, idleMs);
  }

  forget(connection: RawConnection): void {
    this.#idleMs.delete(connection);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    const now = performance.now();
    for (const [connection, idleMs] of this.#idleMs) {
      // While its frames are worked on, nothing more is read from it.
      if (connection.running === 0 && now - connection.heardAt >= idleMs) connection.terminate();
      else connection.ping();
    }
  }
}
