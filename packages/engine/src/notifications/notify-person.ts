import { type Actor, ParleyError } from "@parley/contracts";
import type { Engine } from "../engine.js";
import { mayActFor } from "../policy.js";
import { createNotifications, type NotificationDraft } from "./create-notifications.js";

interface Told {
  actor: Actor;
  /** Whom; the actor when left out. */
  userId?: string | undefined;
}

export interface OrderStatusInput extends Told {
  orderId: string;
  status: string;
}

export interface PaymentUpdateInput extends Told {
  payment: "authorized" | "captured" | "failed";
  /** In the currency's own unit, as 12.5. */
  amount: number;
  /** ISO 4217. */
  currency?: string | undefined;
  orderId?: string | undefined;
}

/** Tells a person what became of an order. Refuses: forbidden (others than oneself, for people). */
export async function notifyOrderStatus(engine: Engine, input: OrderStatusInput): Promise<void> {
  const { orderId, status } = input;
  await tell(engine, input, {
    type: "order_update",
    critical: false,
    data: { order_id: orderId, status },
  });
}

/** Tells a person what became of a payment; that it failed can't wait. Refuses: forbidden (others than oneself, for people). */
export async function notifyPaymentUpdate(engine: Engine, input: PaymentUpdateInput): Promise<void> {
  const { payment, amount, currency, orderId } = input;
  await tell(engine, input, {
    type: "payment",
    critical: payment === "failed",
    data: {
      payment,
      amount,
      ...(currency === undefined ? {} : { currency }),
      ...(orderId === undefined ? {} : { order_id: orderId }),
    },
  });
}

async function tell(
  engine: Engine,
  { actor, userId = actor.userId }: Told,
  draft: Omit<NotificationDraft, "userId">,
): Promise<void> {
  if (!mayActFor(actor, userId)) throw new ParleyError("forbidden");
  await createNotifications(engine, [{ ...draft, userId }]);
}
