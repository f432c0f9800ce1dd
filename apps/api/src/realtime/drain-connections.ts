import { setTimeout as sleep } from "node:timers/promises";
import type { DisconnectReason } from "@parley/contracts";
import type { LiveConnection } from "./live-connection.js";

/** Connections closed per step, so that the other nodes are not stormed by everyone at once. */
const STEP_CONNECTIONS = 200;
const STEP_MS = 100;
/** Clients come back spread over this time. */
const SPREAD_MS = 3_000;
/** All of them together: a node that can't answer must still end in time. */
const ANSWER_MS = 8_000;
const POLL_MS = 10;

/** Closes connections at a bounded pace, each with its own time to come back, once its requests are answered. */
export async function drainConnections(
  connections: readonly LiveConnection[],
  reason: DisconnectReason,
): Promise<void> {
  const deadline = performance.now() + ANSWER_MS;
  for (let start = 0; start < connections.length; start += STEP_CONNECTIONS) {
    if (start > 0) await sleep(STEP_MS);
    const step = connections.slice(start, start + STEP_CONNECTIONS);
    await Promise.all(step.map((connection) => endConnection(connection, { reason, deadline })));
  }
}

async function endConnection(
  connection: LiveConnection,
  { reason, deadline }: { reason: DisconnectReason; deadline: number },
): Promise<void> {
  connection.tellDraining(Math.round(Math.random() * SPREAD_MS));
  while (connection.running > 0 && performance.now() < deadline) await sleep(POLL_MS);
  connection.end(reason);
}
