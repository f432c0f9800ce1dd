import type { Log } from "@parley/platform";
import type { ApiConfig } from "../config.js";

/** Says loudly that everybody is believed who claims to be a gateway. */
export function warnOfMissingProof({ GATEWAY_PROOF }: Pick<ApiConfig, "GATEWAY_PROOF">, log: Log): void {
  if (GATEWAY_PROOF) return;
  log.warn(
    { GATEWAY_PROOF },
    "GATEWAY_PROOF IS OFF: anybody who reaches this server can be any user of the gateway contract; never run it like this in production",
  );
}
