/** What the generator's process is told, one at a time; it answers each. */
export type GeneratorOrder =
  | { type: "connect"; plan: ConnectPlan }
  /** `inFlight` messages under way: the next one goes when one is acknowledged and has reached everybody. */
  | { type: "closed"; inFlight: number; warmUpMs: number; windowMs: number }
  /** So many messages per second, however slowly they are answered. */
  | { type: "open"; perSecond: number; warmUpMs: number; windowMs: number };

export interface ConnectPlan {
  /** Clients go to the servers by turns. */
  urls: string[];
  users: Array<{ userId: string; token: string }>;
  rooms: Array<{ id: string; members: string[] }>;
  /** What the clients speak; the native contract unless it says so. */
  contract?: "native" | "matcha";
  /** Rivals whose server does not know who is in which room are told by each client. */
  join: boolean;
}

export type GeneratorAnswer =
  | { type: "connected"; seconds: number }
  | { type: "measured"; result: RoundResult }
  | { type: "failed"; reason: string };

/** Of one round. Rates are of the window between warm-up and end; counts are of the whole round. */
export interface RoundResult {
  sendsPerSecond: number;
  deliveriesPerSecond: number;
  ackMs: Quantiles;
  deliveryMs: Quantiles;
  sent: number;
  refused: number;
  lost: number;
  doubled: number;
  dropped: number;
  /** CPU seconds of the generator itself. */
  cpuSeconds: number;
}

export interface Quantiles {
  p50: number;
  p99: number;
}
