import { type Actor, ParleyError } from "@parley/contracts";
import type { Engine } from "../engine.js";

/** Throws user_muted, saying until when. The platform itself (role `system`) always speaks, whomever it speaks for. */
export function assertMayWrite(engine: Engine, actor: Actor): void {
  if (actor.role === "system") return;
  const until = engine.mutedUntil(actor.userId);
  if (until === null || until <= engine.clock()) return;
  throw new ParleyError("user_muted", {
    message: `You may read, and write again from ${until.toISOString()} on; ask the operator.`,
  });
}
