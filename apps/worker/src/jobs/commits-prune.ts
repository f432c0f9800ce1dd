import { pruneBusOutages, pruneCommits } from "@parley/engine";
import type { JobHandler } from "./job.js";

/** Keeps the log of commits short; a node that was away for longer reads its clients' chats anew when they connect. */
export const commitsPrune: JobHandler<"commits.prune"> = async ({ engine }, { olderThanMs }) => {
  await pruneCommits(engine, olderThanMs);
  await pruneBusOutages(engine);
};
