import { type ErrorCode, ParleyError } from "@parley/contracts";
import type { Engine } from "@parley/engine";

/** Whoever shows nothing at all tries nothing. */
const LOGINS_REFUSED: ReadonlySet<ErrorCode> = new Set([
  "token_invalid",
  "token_expired",
  "token_revoked",
  "user_blocked",
  "gateway_proof_invalid",
]);

/** Has the audit log know of somebody who was not let in for what they showed. Writes nothing itself. */
export function noteRefusedLogin(
  engine: Pick<Engine, "refusedLogins">,
  { address, refusal }: { address: string | undefined; refusal: unknown },
): void {
  if (!(refusal instanceof ParleyError) || !LOGINS_REFUSED.has(refusal.code)) return;
  engine.refusedLogins.note({ address, reason: refusal.code });
}
