import type { Engine } from "../engine.js";
import { announceNotifications } from "./announce-notifications.js";
import { type Decided, type DecideInput, decideNotifications } from "./decide-notifications.js";
import { handOver } from "./hand-over.js";

/**
 * Decides, and sees to what follows from it: jobs that push what is due, jobs that decide again what waits, and word to the people who
 * are connected. Throws database_unavailable.
 */
export async function dispatchNotifications(engine: Engine, input: DecideInput): Promise<Decided> {
  const decided = await decideNotifications(engine, input);
  handOver(engine, decided);
  await announceNotifications(engine, decided.live);
  return decided;
}
