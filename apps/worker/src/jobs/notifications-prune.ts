import { pruneNotifications } from "@parley/engine";
import type { JobHandler } from "./job.js";

/** Forgets notifications that are older than the history that is kept. */
export const notificationsPrune: JobHandler<"notifications.prune"> = async ({ engine }, { olderThanMs }) => {
  await pruneNotifications(engine, { olderThanMs });
};
