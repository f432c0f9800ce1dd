import type { ErrorKind, Identity, ParleyError } from "@parley/contracts";
import type { CallFacts, Proofs } from "./call-facts.js";
import type { DialectRoute } from "./dialect-route.js";
import type { DialectSocket } from "./dialect-socket.js";

/** How a refusal looks over HTTP. */
export interface ErrorAnswer {
  status: number;
  body: unknown;
}

/**
 * A contract of another chat back end, spoken over this one's engine. It says what its requests, frames and errors look like and what
 * they mean; connections, heartbeats, limits, draining and catching up are the same for all and are not its business.
 */
export interface Dialect {
  /** As it stands in logs and metrics. */
  readonly name: string;
  /** Where its REST paths begin; what is asked for there and not found is answered in its words. */
  readonly basePaths: readonly string[];
  /** Who asks. Throws ParleyError. */
  identify(facts: CallFacts, proofs: Proofs): Promise<Identity>;
  readonly routes: readonly DialectRoute[];
  /** Every kind of failure in its words. */
  readonly errors: Readonly<Record<ErrorKind, (refusal: ParleyError) => ErrorAnswer>>;
  readonly socket: DialectSocket;
}
