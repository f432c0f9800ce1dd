import type { Clock } from "./clock.js";

/** What somebody waits for goes before what may take its time. */
export type PushClass = "interactive" | "bulk";

export interface LaneLimits {
  /** Connections of one origin; of them, `bulk` never has more than half. */
  sockets: number;
  /** Pushes of one class that may wait. */
  waiting: number;
  /** How long each may. */
  waitMs: number;
}

/** How the wait ended; only after `entered` is there something to leave. */
export type Turn = "entered" | "full" | "waited_too_long" | "turned_away";

export interface OriginLanes {
  enter(lane: PushClass): Promise<Turn>;
  leave(lane: PushClass): void;
  /** Ends all waiting. */
  turnAway(): void;
  inFlight(): number;
  waiting(): number;
}

/** The turns at one origin's connections. */
export function createOriginLanes(limits: LaneLimits, clock: Clock): OriginLanes {
  const queues = { interactive: new Set<(turn: Turn) => void>(), bulk: new Set<(turn: Turn) => void>() };
  const active = { interactive: 0, bulk: 0 };
  // Half of the connections are kept from bulk even when nobody else is there: what is under way can't be called back, and a service that
  // answers slowly would let an interactive push wait for its timeouts.
  const room = { interactive: limits.sockets, bulk: Math.max(1, Math.floor(limits.sockets / 2)) };
  const mayStart = (lane: PushClass) =>
    active.interactive + active.bulk < limits.sockets && active[lane] < room[lane];
  const startNext = () => {
    for (const lane of ["interactive", "bulk"] as const) {
      for (const start of queues[lane]) {
        if (!mayStart(lane)) break;
        start("entered");
      }
    }
  };
  return {
    enter: (lane) => {
      const queue = queues[lane];
      if (queue.size === 0 && mayStart(lane)) {
        active[lane] += 1;
        return Promise.resolve("entered");
      }
      if (queue.size >= limits.waiting) return Promise.resolve("full");
      return new Promise((resolve) => {
        const end = (turn: Turn) => {
          queue.delete(end);
          cancel();
          if (turn === "entered") active[lane] += 1;
          resolve(turn);
        };
        const cancel = clock.after(limits.waitMs, () => end("waited_too_long"));
        queue.add(end);
      });
    },
    leave: (lane) => {
      active[lane] -= 1;
      startNext();
    },
    turnAway: () => {
      for (const queue of Object.values(queues)) for (const end of queue) end("turned_away");
    },
    inFlight: () => active.interactive + active.bulk,
    waiting: () => queues.interactive.size + queues.bulk.size,
  };
}
