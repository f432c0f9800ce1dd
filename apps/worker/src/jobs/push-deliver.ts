import type { JobHandler } from "./job.js";

/** Pushes notifications that are due. */
export const pushDeliver: JobHandler<"push.deliver"> = async ({ log, push }, { notificationIds }) => {
  if (push.deliver === undefined) {
    log.error(
      { notifications: notificationIds.length },
      "Nothing is pushed: this worker has no VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY",
    );
    return;
  }
  await push.deliver(notificationIds);
};
