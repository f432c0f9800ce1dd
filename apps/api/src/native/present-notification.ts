import type { NotificationCategory, REST_CATALOGUE } from "@parley/contracts";
import type {
  DeliveryStats,
  Explanation,
  ListedNotification,
  NotificationSettings,
  NotificationStats,
  SettingsChange,
} from "@parley/engine";
import type { z } from "zod";

type Result<Id extends "explainNotification" | "getNotificationPreferences" | "notificationStats"> = z.output<
  (typeof REST_CATALOGUE)[Id]["result"]
>;
type NotificationShape = z.output<
  (typeof REST_CATALOGUE)["listNotifications"]["result"]
>["notifications"][number];
type PreferencesBody = z.output<(typeof REST_CATALOGUE)["updateNotificationPreferences"]["body"]>;

/** Turns a notification of somebody's list into the native wire's. */
export function presentNotification(notification: ListedNotification): NotificationShape {
  const { reason, createdAt, openedAt, clickedAt, ...rest } = notification;
  return {
    ...rest,
    created_at: createdAt,
    ...(reason === null ? {} : { reason }),
    ...(openedAt === null ? {} : { opened_at: openedAt }),
    ...(clickedAt === null ? {} : { clicked_at: clickedAt }),
  };
}

/** Turns a person's settings into the native wire's. */
export function presentSettings(settings: NotificationSettings): Result<"getNotificationPreferences"> {
  const { preferences, mutedUntil, quietHours, locale } = settings;
  return {
    ...preferences,
    muted_until: mutedUntil,
    quiet_hours: quietHours && {
      from: clockText(quietHours.from),
      to: clockText(quietHours.to),
      time_zone: quietHours.timeZone,
    },
    locale,
  };
}

/** What a person asks to have changed, as the engine takes it. */
export function settingsChangeOf(body: PreferencesBody): SettingsChange {
  const { muted_until: until, quiet_hours: quiet, locale, ...rest } = body;
  const wanted = Object.entries(rest).filter(([, value]) => value !== undefined);
  return {
    preferences: Object.fromEntries(wanted) as Partial<Record<NotificationCategory, boolean>>,
    mutedUntil: until == null ? until : new Date(until),
    quietHours: quiet && {
      from: minutesOf(quiet.from),
      to: minutesOf(quiet.to),
      timeZone: quiet.time_zone,
    },
    locale,
  };
}

/** Turns the answer to "why" into the native wire's. */
export function presentExplanation(explained: Explanation): Result<"explainNotification"> {
  const { reason, notificationId, createdAt, decidedAt, dueAt } = explained;
  return {
    message_id: explained.messageId,
    user_id: explained.userId,
    outcome: explained.outcome,
    explanation: explained.explanation,
    ...(reason === null ? {} : { reason }),
    ...(notificationId === null ? {} : { notification_id: notificationId }),
    ...(createdAt === null ? {} : { created_at: createdAt }),
    ...(decidedAt === null ? {} : { decided_at: decidedAt }),
    ...(dueAt === null ? {} : { due_at: dueAt }),
    deliveries: explained.deliveries.map((delivery) => ({
      subscription_id: delivery.subscriptionId,
      origin: delivery.origin,
      state: delivery.state,
      attempts: delivery.attempts,
      held_back: delivery.heldBack,
      claimed_at: delivery.claimedAt,
      ...(delivery.statusCode === null ? {} : { status_code: delivery.statusCode }),
      ...(delivery.latencyMs === null ? {} : { latency_ms: delivery.latencyMs }),
      ...(delivery.doneAt === null ? {} : { done_at: delivery.doneAt }),
    })),
  };
}

/** Turns the numbers into the native wire's. */
export function presentNotificationStats(stats: NotificationStats): Result<"notificationStats"> {
  return {
    total_notifications: stats.total,
    notifications_today: stats.today,
    active_subscriptions: stats.activeSubscriptions,
    notifications_by_type: stats.byType,
    deliveries: presentDeliveries(stats.deliveries),
    deliveries_by_type: presentEach(stats.deliveriesByType),
    deliveries_by_origin: presentEach(stats.deliveriesByOrigin),
    deliveries_by_variant: presentEach(stats.deliveriesByVariant),
  };
}

function presentEach(stats: Record<string, DeliveryStats>) {
  return Object.fromEntries(Object.entries(stats).map(([name, one]) => [name, presentDeliveries(one)]));
}

function presentDeliveries({ successRate, latencyMs, ...counts }: DeliveryStats) {
  return { ...counts, success_rate: successRate, latency_ms: latencyMs };
}

function minutesOf(clock: string): number {
  return Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));
}

function clockText(minutes: number): string {
  const two = (count: number) => String(count).padStart(2, "0");
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
