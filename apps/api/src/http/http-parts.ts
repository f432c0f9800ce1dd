import type { Dialect, DialectPorts } from "@parley/dialects";
import type { Engine } from "@parley/engine";
import type { Health, Logger, Metrics, RateLimiter } from "@parley/platform";
import type { QueueBoard } from "../admin/queue-board.js";
import type { Authenticator } from "../auth/create-authenticator.js";
import type { GatewayAuthenticator } from "../auth/create-gateway-authenticator.js";
import type { ApiConfig } from "../config.js";
import type { Operations } from "../operations/operations.js";

/** What the HTTP side is built from. */
export interface HttpParts {
  engine: Engine;
  authenticator: Authenticator;
  gatewayAuthenticator: GatewayAuthenticator;
  limiter: RateLimiter;
  config: ApiConfig;
  log: Logger;
  metrics: Metrics;
  /** The contracts that are spoken besides the native one. */
  dialects: readonly Dialect[];
  ports: DialectPorts;
  operations: Operations;
  health: Pick<Health, "live" | "ready">;
  /** The page of single jobs. */
  board: QueueBoard;
}
