import { ParleyError } from "@parley/contracts";
import { sharesChat } from "@parley/engine";
import type { Caller } from "../caller.js";
import type { DialectRoute, RouteAnswer, RouteRequest } from "../dialect-route.js";
import { readInput } from "../read-input.js";
import { succeed } from "./envelope.js";
import { idShape } from "./input-shapes.js";
import { BASE_PATH } from "./paths.js";
import { presentPresence } from "./present-presence.js";

export const presenceRoutes: readonly DialectRoute[] = [
  { method: "get", path: `${BASE_PATH}/users/:id/presence`, handle: get },
];

/** Of people with whom the caller shares no chat nothing is told, not even whether there are such people. */
async function get({ engine, identity, ports }: Caller, { params }: RouteRequest): Promise<RouteAnswer> {
  const userId = String(readInput(idShape, params).id);
  const visible = await sharesChat(engine, { userId: identity.userId, userIds: [userId] });
  const [state] = await ports.readPresence(visible);
  if (state === undefined) {
    throw new ParleyError("member_not_found", { message: "You share no conversation with this user." });
  }
  // Only one time is known of somebody: when they were last connected.
  return succeed({ ...presentPresence(state), last_activity: state.lastSeen });
}
