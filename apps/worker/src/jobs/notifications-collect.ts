import { collectDueChats, dispatchNotifications } from "@parley/engine";
import type { JobHandler } from "./job.js";

/** When somebody holds a chat's row. */
const AGAIN_MS = 1_000;

/** Makes the notifications of what was said in chats, and decides about them at once. */
export const notificationsCollect: JobHandler<"notifications.collect"> = async (
  { engine, push },
  { chatIds },
) => {
  const { notificationIds, heldChatIds } = await collectDueChats(engine, { chatIds });
  if (heldChatIds.length > 0) {
    engine.enqueue("notifications.collect", { chatIds: heldChatIds }, { delayMs: AGAIN_MS });
  }
  if (notificationIds.length === 0) return;
  const decided = await dispatchNotifications(engine, { which: { notificationIds }, rules: push.rules });
  push.metrics.decided(decided);
};
