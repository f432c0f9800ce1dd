import { type Actor, type MessageType, ParleyError, PERSON_MESSAGE_TYPES } from "@parley/contracts";

/** Who may do what. Everything here is pure: it is handed what it judges. */

export interface Membership {
  role: string;
}

/** Operators and the platform itself may read and write every chat. */
export function isPrivileged(actor: Actor): boolean {
  return actor.role === "admin" || actor.role === "system";
}

/** To everyone else a chat answers as if it did not exist. */
export function assertMayRead(actor: Actor, membership: Membership | undefined): void {
  if (membership === undefined && !isPrivileged(actor)) throw new ParleyError("chat_not_found");
}

/** Whether people, not only the platform, send messages of this type. */
export function isPersonal(type: MessageType): boolean {
  const personal: readonly MessageType[] = PERSON_MESSAGE_TYPES;
  return personal.includes(type);
}

export function assertMaySendType(actor: Actor, type: MessageType): void {
  if (isPersonal(type) || (type === "system" && isPrivileged(actor))) return;
  if (isPrivileged(actor)) {
    throw new ParleyError("forbidden", {
      message: `Messages of the type ${type} are made by the platform's own calls; see /docs.`,
    });
  }
  throw new ParleyError("forbidden", { message: `Only the platform sends messages of the type ${type}.` });
}

/** People change their own words; operators may take any message away, as may a group's owner. */
export function mayDelete(
  actor: Actor,
  facts: { senderId: string; membership: Membership | undefined },
): boolean {
  return facts.senderId === actor.userId || isPrivileged(actor) || facts.membership?.role === "owner";
}

export function mayManageMembers(actor: Actor, membership: Membership | undefined): boolean {
  return isPrivileged(actor) || membership?.role === "owner";
}

/** Closing an order's or a pair's chat is for both sides; a group's is its owner's. */
export function mayChangeStatus(
  actor: Actor,
  facts: { chatType: "order" | "direct" | "group"; membership: Membership | undefined },
): boolean {
  if (isPrivileged(actor)) return true;
  return facts.chatType === "group" ? facts.membership?.role === "owner" : facts.membership !== undefined;
}

/** The platform shares receipts, and so does the shopper of the order. */
export function mayShareReceipt(actor: Actor, chat: { shopperId: string | null }): boolean {
  return isPrivileged(actor) || chat.shopperId === actor.userId;
}

/** What concerns one person is their own business; the platform may act for everyone. */
export function mayActFor(actor: Actor, userId: string): boolean {
  return actor.userId === userId || isPrivileged(actor);
}

/** Many people at once are told things by operators and the platform; only the platform disturbs them at night. */
export function assertMayNotifyMany(actor: Actor, { critical } = { critical: false }): void {
  if (!isPrivileged(actor)) throw new ParleyError("role_required");
  if (critical && actor.role !== "system") {
    throw new ParleyError("forbidden", { message: "Only the role `system` sends what is critical." });
  }
}
