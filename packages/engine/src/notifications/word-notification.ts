import type { Engine } from "../engine.js";
import { composeNotification, type NotificationWords } from "./compose-notification.js";
import { noteUnrenderable } from "./note-unrenderable.js";
import type { NotificationContent } from "./read-contents.js";
import { languageOf } from "./templates/templates.js";

/**
 * Puts a notification into its person's language. undefined: that can't be done, which is logged and counted; it must not cost those beside
 * it their words.
 */
export function wordNotification(
  engine: Engine,
  content: NotificationContent,
): NotificationWords | undefined {
  const { id: notificationId, locale } = content;
  try {
    return composeNotification(content, languageOf(engine.templates, locale));
  } catch (error) {
    noteUnrenderable(
      engine,
      { err: error, notificationId, locale },
      "A notification can't be put into words",
    );
    return undefined;
  }
}
