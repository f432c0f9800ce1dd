import type { Engine } from "../engine.js";

/** What can't be put into words is met again with every page that it is on. */
const MOST_REMEMBERED = 1_000;

/** Counts a notification whose words are not to be had, and logs it the first time. */
export function noteUnrenderable(
  { log, faults }: Pick<Engine, "log" | "faults">,
  fields: { err: unknown; notificationId: string | undefined; locale?: string | null },
  message: string,
): void {
  faults.unrenderableNotifications++;
  const { loggedUnrenderable: logged } = faults;
  const what = JSON.stringify([fields.notificationId, fields.locale]);
  if (logged.has(what)) return;
  const [oldest] = logged;
  if (oldest !== undefined && logged.size === MOST_REMEMBERED) logged.delete(oldest);
  logged.add(what);
  log.error(fields, message);
}
