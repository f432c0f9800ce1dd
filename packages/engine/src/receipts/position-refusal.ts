import { type Actor, ParleyError } from "@parley/contracts";
import { isPrivileged } from "../policy.js";

/** What somebody is told who has no position in a chat: it does not exist, or (to operators) only members have one. */
export function positionRefusal(actor: Actor): ParleyError {
  if (!isPrivileged(actor)) return new ParleyError("chat_not_found");
  return new ParleyError("forbidden", { message: "Only members have positions in a chat." });
}
