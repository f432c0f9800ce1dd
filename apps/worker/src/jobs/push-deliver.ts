import type { JobHandler } from "./job.js";

/** Pushes notifications that are due. Only workers with keys take it. */
export const pushDeliver: JobHandler<"push.deliver"> = async ({ push }, { notificationIds }) => {
  if (push.deliver === undefined) throw new Error("A push came to a worker without keys.");
  await push.deliver(notificationIds);
};
