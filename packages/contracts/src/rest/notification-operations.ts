import { z } from "zod";
import { externalId, pageLimit, positiveInt, uuid } from "../fields.js";
import { NOTIFICATION_TYPES } from "../notification.js";
import {
  done,
  explanationShape,
  notificationPage,
  notificationStats,
  orderStatusBody,
  paymentUpdateBody,
  preferencesBody,
  preferencesResult,
  preferencesShape,
  subscribeBody,
  subscribeResult,
  unsubscribeBody,
} from "./notification-shapes.js";
import type { Operation } from "./operation.js";

const tag = "Notifications";
const notificationParams = z.object({ notification_id: uuid });

export const notificationOperations = {
  vapidPublicKey: {
    method: "get",
    path: "/v1/notifications/vapid-public-key",
    tag,
    summary: "The key that browsers subscribe with",
    isPublic: true,
    status: 200,
    result: z.object({ publicKey: z.string() }),
  },
  subscribe: {
    method: "post",
    path: "/v1/notifications/subscribe",
    tag,
    summary: "Push to this browser",
    description:
      "Takes what `PushSubscription.toJSON()` gives. Ask again at every start of the app: a browser's keys may change.",
    body: subscribeBody,
    status: 201,
    result: subscribeResult,
  },
  unsubscribe: {
    method: "post",
    path: "/v1/notifications/unsubscribe",
    tag,
    summary: "No more pushes to this browser",
    body: unsubscribeBody,
    status: 200,
    result: done,
  },
  getNotificationPreferences: {
    method: "get",
    path: "/v1/notifications/preferences",
    tag,
    summary: "What I want to be told, and when",
    status: 200,
    result: preferencesShape,
  },
  updateNotificationPreferences: {
    method: "put",
    path: "/v1/notifications/preferences",
    tag,
    summary: "Change a part of that",
    description: "What is left out stays; `null` takes a mute, quiet hours or the language away.",
    body: preferencesBody,
    status: 200,
    result: preferencesResult,
  },
  listNotifications: {
    method: "get",
    path: "/v1/notifications/history",
    tag,
    summary: "My notifications, newest first",
    query: z.object({
      page: positiveInt.default(1),
      limit: pageLimit(20),
      type: z.enum(NOTIFICATION_TYPES).optional(),
      unread: z.enum(["true", "false"]).optional(),
    }),
    status: 200,
    result: notificationPage,
  },
  openNotification: {
    method: "post",
    path: "/v1/notifications/{notification_id}/opened",
    tag,
    summary: "I have seen this notification",
    params: notificationParams,
    status: 200,
    result: done,
  },
  clickNotification: {
    method: "post",
    path: "/v1/notifications/{notification_id}/clicked",
    tag,
    summary: "I have clicked on this notification",
    params: notificationParams,
    status: 200,
    result: done,
  },
  explainNotification: {
    method: "get",
    path: "/v1/notifications/explain",
    tag,
    summary: "Why a message was or was not pushed to a person",
    description: "About oneself; about anyone for `admin` and `system`.",
    query: z.object({ message_id: uuid, user_id: externalId.optional() }),
    status: 200,
    result: explanationShape,
  },
  notifyOrderStatus: {
    method: "post",
    path: "/v1/notifications/order-status",
    tag: "Platform",
    summary: "Tell a person what became of an order",
    description: "Oneself; anyone for `admin` and `system`. Has nothing to do with the order's chat.",
    body: orderStatusBody,
    status: 201,
    result: done,
  },
  notifyPaymentUpdate: {
    method: "post",
    path: "/v1/notifications/payment-update",
    tag: "Platform",
    summary: "Tell a person what became of a payment",
    description:
      "Oneself; anyone for `admin` and `system`. That a payment failed is told in quiet hours too.",
    body: paymentUpdateBody,
    status: 201,
    result: done,
  },
  notificationStats: {
    method: "get",
    path: "/v1/notifications/admin/stats",
    tag: "Administration",
    summary: "Numbers of notifications and their deliveries",
    roles: ["admin"],
    query: z.object({
      hours: positiveInt
        .pipe(z.number().max(24 * 90))
        .default(24)
        .meta({ description: "Deliveries of the last hours are looked at." }),
    }),
    status: 200,
    result: notificationStats,
  },
} as const satisfies Record<string, Operation>;
