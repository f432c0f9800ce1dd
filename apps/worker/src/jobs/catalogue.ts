import type { JobName } from "@parley/contracts";
import { chatsVerify } from "./chats-verify.js";
import { commitsPrune } from "./commits-prune.js";
import type { JobHandler } from "./job.js";

/** Who does which job. The compiler sees to it that none of the contract's jobs is missing. */
export const JOBS = {
  "chats.verify": chatsVerify,
  "commits.prune": commitsPrune,
} as const satisfies {
  [Name in JobName]: JobHandler<Name>;
};
