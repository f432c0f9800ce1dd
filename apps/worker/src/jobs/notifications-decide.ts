import { dispatchNotifications } from "@parley/engine";
import type { JobHandler } from "./job.js";

/** Decides about notifications that had to wait. */
export const notificationsDecide: JobHandler<"notifications.decide"> = async (
  { engine, push },
  { notificationIds },
) => {
  const decided = await dispatchNotifications(engine, { which: { notificationIds }, rules: push.rules });
  push.metrics.decided(decided);
};
