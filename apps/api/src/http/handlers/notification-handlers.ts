import { ParleyError } from "@parley/contracts";
import {
  changeNotificationSettings,
  explainNotification,
  getNotificationSettings,
  listNotifications,
  markNotification,
  notificationStats,
  notifyOrderStatus,
  notifyPaymentUpdate,
  subscribe,
  unsubscribe,
} from "@parley/engine";
import {
  presentExplanation,
  presentNotification,
  presentNotificationStats,
  presentSettings,
  settingsChangeOf,
} from "../../native/present-notification.js";
import type { Handlers } from "./handler.js";

const DONE = { success: true } as const;

const TOLD = {
  created: "This browser gets pushes now.",
  refreshed: "This browser gets pushes, with its new keys.",
  moved: "This browser gets your pushes now, and nobody else's.",
} as const;

export const notificationHandlers = {
  vapidPublicKey: async ({ vapidPublicKey }) => {
    if (vapidPublicKey === undefined) throw new ParleyError("push_unavailable");
    return { publicKey: vapidPublicKey };
  },

  subscribe: async ({ engine, actor, vapidPublicKey }, { body }) => {
    // The browser would be told that it gets pushes, and its subscription would be bound to another key than the one that comes.
    if (vapidPublicKey === undefined) throw new ParleyError("push_unavailable");
    const { endpoint, keys, locale } = body;
    return { success: true, message: TOLD[await subscribe(engine, { actor, endpoint, keys, locale })] };
  },

  unsubscribe: async ({ engine, actor }, { body }) => {
    await unsubscribe(engine, { actor, endpoint: body.endpoint });
    return DONE;
  },

  getNotificationPreferences: async ({ engine, actor }) =>
    presentSettings(await getNotificationSettings(engine, { actor })),

  updateNotificationPreferences: async ({ engine, actor }, { body }) => {
    const settings = await changeNotificationSettings(engine, { actor, change: settingsChangeOf(body) });
    return { success: true, ...presentSettings(settings) };
  },

  listNotifications: async ({ engine, actor }, { query }) => {
    const { page, limit, type } = query;
    const unread = query.unread === "true";
    const { notifications, total } = await listNotifications(engine, { actor, page, limit, type, unread });
    return { notifications: notifications.map(presentNotification), total };
  },

  openNotification: async ({ engine, actor }, { params }) => {
    await markNotification(engine, { actor, notificationId: params.notification_id, as: "opened" });
    return DONE;
  },

  clickNotification: async ({ engine, actor }, { params }) => {
    await markNotification(engine, { actor, notificationId: params.notification_id, as: "clicked" });
    return DONE;
  },

  explainNotification: async ({ engine, actor }, { query }) => {
    const { message_id: messageId, user_id: userId = actor.userId } = query;
    return presentExplanation(await explainNotification(engine, { actor, messageId, userId }));
  },

  notifyOrderStatus: async ({ engine, actor }, { body }) => {
    const { order_id: orderId, status, user_id: userId } = body;
    await notifyOrderStatus(engine, { actor, orderId, status, userId });
    return DONE;
  },

  notifyPaymentUpdate: async ({ engine, actor }, { body }) => {
    const { type: payment, amount, currency, order_id: orderId, user_id: userId } = body;
    await notifyPaymentUpdate(engine, { actor, payment, amount, currency, orderId, userId });
    return DONE;
  },

  notificationStats: async ({ engine }, { query }) =>
    presentNotificationStats(await notificationStats(engine, { hours: query.hours })),
} satisfies Partial<Handlers>;
