import type { PushServiceName } from "@parley/engine";
import { createCircuitBreaker, type Pass } from "./circuit-breaker.js";
import type { Clock } from "./clock.js";
import type { Resolve } from "./guarded-lookup.js";
import { createKeyDoubt, type KeyDoubt } from "./key-doubt.js";
import { createOriginLanes, type OriginLanes } from "./origin-lanes.js";
import { createPushConnections, type PushConnections } from "./push-connections.js";
import type { PushLimits } from "./push-limits.js";

export interface Blocked {
  reason: "origin_held" | "circuit_open";
  afterMs: number;
}

export interface OriginStatus {
  origin: string;
  service: PushServiceName;
  inFlight: number;
  waiting: number;
  /** How much longer the service is left alone, because it wants that or refuses our keys; 0 when it is not. */
  heldForMs: number;
  circuit: "closed" | "open" | "half_open";
}

/** One push service as this process knows it: its connections, who waits for them, and whether it may be asked at all. */
export interface PushOrigin {
  origin: string;
  service: PushServiceName;
  connections: PushConnections;
  lanes: OriginLanes;
  /** Why nobody may ask now, when nobody may. */
  blocked(): Blocked | undefined;
  enter(): Pass;
  /** Tells how a turn ended. Returns whether it opened the circuit. */
  leave(pass: Pass, result: "answered" | "failed" | "untried"): boolean;
  /** Whether the service accepts our keys. */
  keys: KeyDoubt;
  /** Nobody asks for this long, because the service wants that. */
  hold(forMs: number): void;
  status(): OriginStatus;
  isInUse(): boolean;
  close(): void;
}

export interface OriginContext {
  limits: PushLimits;
  clock: Clock;
  resolve: Resolve;
  /** Certificates to trust instead of the system's. */
  ca?: string | undefined;
}

export interface OriginTarget {
  origin: string;
  service: PushServiceName;
  namedByOperator: boolean;
}

export function createPushOrigin(context: OriginContext, target: OriginTarget): PushOrigin {
  const { limits, clock } = context;
  const { origin, service } = target;
  const connections = createPushConnections({ ...context, origin, anyAddress: target.namedByOperator });
  const lanes = createOriginLanes(limits, clock);
  const breaker = createCircuitBreaker({
    clock,
    failures: limits.breakerFailures,
    openMs: limits.breakerOpenMs,
    maxOpenMs: limits.breakerMaxOpenMs,
  });
  const keys = createKeyDoubt(clock, limits);
  let heldUntil = Number.NEGATIVE_INFINITY;
  const heldForMs = () => Math.ceil(Math.max(0, heldUntil - clock.monotonic(), keys.heldForMs()));
  return {
    origin,
    service,
    connections,
    lanes,
    blocked: () => {
      if (heldForMs() > 0) return { reason: "origin_held", afterMs: heldForMs() };
      const afterMs = breaker.blockedForMs();
      return afterMs === undefined ? undefined : { reason: "circuit_open", afterMs: Math.ceil(afterMs) };
    },
    enter: breaker.enter,
    leave: (pass, result) => {
      const opened = breaker.leave(pass, result);
      if (opened) lanes.turnAway();
      return opened;
    },
    keys,
    hold: (forMs) => {
      heldUntil = Math.max(heldUntil, clock.monotonic() + forMs);
      lanes.turnAway();
    },
    status: () => ({
      origin,
      service,
      inFlight: lanes.inFlight(),
      waiting: lanes.waiting(),
      heldForMs: heldForMs(),
      circuit: breaker.state(),
    }),
    isInUse: () => lanes.inFlight() + lanes.waiting() > 0,
    close: () => connections.close(),
  };
}
