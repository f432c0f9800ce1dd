import { type Actor, type Change, LIMITS, type Message, ParleyError } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import { logCommit } from "../database/log-commit.js";
import type { Transaction } from "../database/transaction.js";
import type { Engine } from "../engine.js";
import { publishChanges } from "../events/publish.js";
import { messageFromRow } from "../messages/message-row.js";
import { SYSTEM_SENDER } from "../messages/store-system-message.js";
import { enqueueDecisions } from "../notifications/hand-over.js";
import { storeNewOrder } from "../notifications/store-new-order.js";
import { isPrivileged } from "../policy.js";
import { assertMayWrite } from "../users/assert-may-write.js";
import type { ChatDetail } from "./chat.js";
import { directKeyOf } from "./direct-key.js";
import { getChat } from "./get-chat.js";

export type ChatRequest =
  | { type: "order"; orderId: string; userId: string; shopperId: string; initialMessage?: string | undefined }
  | { type: "direct"; userId: string }
  | { type: "group"; name: string; memberIds: readonly string[] };

/** A chat as it is about to be stored. */
export interface ChatPlan {
  type: ChatRequest["type"];
  orderId?: string;
  userId?: string;
  shopperId?: string;
  directKey?: string;
  name?: string;
  isOpen?: boolean;
  externalKey?: string;
  members: Array<{ userId: string; role: string }>;
  initialMessage?: string | undefined;
}

/**
 * Opens a chat. One per order and one per pair: asked again, the existing chat answers.
 * Refuses: forbidden (an order of others), invalid_input (with oneself), order_chat_differs, user_muted (of a group, and of a first message).
 */
export async function createChat(
  engine: Engine,
  input: { actor: Actor; request: ChatRequest },
): Promise<ChatDetail> {
  const { actor } = input;
  const plan = planFor(actor, input.request);
  const chatId = await storeChat(engine, { actor, plan });
  if (chatId !== null) return getChat(engine, { actor, chatId });
  return existingChat(engine, { actor, plan });
}

/** Stores a chat and tells everyone in it; null when what it is for has one already. */
export async function storeChat(
  engine: Engine,
  input: { actor: Actor; plan: ChatPlan },
): Promise<string | null> {
  const opened = await guardDatabase(() =>
    engine.database.prisma.$transaction((transaction) => openChat({ engine, transaction }, input)),
  );
  if (opened === null) return null;
  publishChanges(engine, opened.changes);
  enqueueDecisions(engine, opened.notificationIds);
  return opened.chatId;
}

function planFor(actor: Actor, request: ChatRequest): ChatPlan {
  switch (request.type) {
    case "order":
      return orderPlan(actor, request);
    case "direct": {
      if (request.userId === actor.userId) throw sameUser("user_id");
      const members = [actor.userId, request.userId].sort().map((userId) => ({ userId, role: "member" }));
      return { type: "direct", directKey: directKeyOf(actor.userId, request.userId), members };
    }
    case "group": {
      const others = [...new Set(request.memberIds)].filter((id) => id !== actor.userId);
      if (others.length + 1 > LIMITS.groupMembers) throw new ParleyError("too_many_members");
      const members = others.map((userId) => ({ userId, role: "member" }));
      return {
        type: "group",
        name: request.name,
        members: [{ userId: actor.userId, role: "owner" }, ...members],
      };
    }
  }
}

function orderPlan(actor: Actor, request: Extract<ChatRequest, { type: "order" }>): ChatPlan {
  const { orderId, userId, shopperId, initialMessage } = request;
  if (userId === shopperId) throw sameUser("shopper_id");
  if (!isPrivileged(actor) && actor.userId !== userId && actor.userId !== shopperId) {
    throw new ParleyError("forbidden", { message: "Only the order's two people can open its chat." });
  }
  const members = [
    { userId, role: "user" },
    { userId: shopperId, role: "shopper" },
  ];
  return { type: "order", orderId, userId, shopperId, members, initialMessage };
}

function sameUser(path: string): ParleyError {
  return new ParleyError("invalid_input", { errors: [{ path, message: "must be another person" }] });
}

/** Stores the chat, its members and its first message; null when the order, the pair or the key has one already. */
async function openChat(
  context: { engine: Engine; transaction: Transaction },
  input: { plan: ChatPlan; actor: Actor },
): Promise<{ chatId: string; changes: Change[]; notificationIds: string[] } | null> {
  const { engine, transaction } = context;
  const { members, initialMessage, ...columns } = input.plan;
  const chatId = engine.ids();
  const lastSeq = initialMessage === undefined ? 0 : 1;
  const now = engine.clock();
  const { count } = await transaction.chat.createMany({
    data: [
      {
        ...columns,
        id: chatId,
        createdBy: input.actor.userId,
        memberCount: members.length,
        lastSeq,
        lastRev: 1 + lastSeq,
        createdAt: now,
        updatedAt: now,
      },
    ],
    skipDuplicates: true,
  });
  if (count === 0) return null;
  if (saysSomething(input.plan)) assertMayWrite(engine, input.actor);
  await transaction.member.createMany({
    data: members.map((member) => ({ ...member, chatId, joinedRev: 1, rev: 1, joinedAt: now })),
  });
  const audience = members.map((member) => member.userId);
  await logCommit(transaction, {
    chatId,
    rev: 1 + lastSeq,
    seq: lastSeq,
    joined: audience,
    before: { rev: 0, seq: 0 },
  });
  const changes: Change[] = [
    { chatId, rev: 1, seq: 0, audience, body: { name: "chat.created", memberIds: audience } },
  ];
  if (initialMessage !== undefined) {
    const message = await storeFirst(context, { chatId, content: initialMessage, now });
    changes.push({ chatId, rev: 2, seq: 1, audience, body: { name: "message.created", message } });
  }
  const isSilentOrder = columns.type === "order" && initialMessage === undefined;
  const openedBy = input.actor.userId;
  const notificationIds = isSilentOrder
    ? await storeNewOrder(transaction, { chatId, memberIds: audience, openedBy })
    : [];
  return { chatId, changes, notificationIds };
}

/** A group's name is read by everybody in it, and an open one's by everybody. */
function saysSomething({ type, initialMessage }: ChatPlan): boolean {
  return initialMessage !== undefined || type === "group";
}

async function storeFirst(
  context: { engine: Engine; transaction: Transaction },
  input: { chatId: string; content: string; now: Date },
): Promise<Message> {
  const row = await context.transaction.message.create({
    data: {
      id: context.engine.ids(),
      chatId: input.chatId,
      seq: 1,
      rev: 2,
      senderId: SYSTEM_SENDER.userId,
      senderRole: SYSTEM_SENDER.role,
      type: "system",
      content: input.content,
      createdAt: input.now,
    },
  });
  return messageFromRow(row);
}

async function existingChat(engine: Engine, input: { actor: Actor; plan: ChatPlan }): Promise<ChatDetail> {
  const { plan, actor } = input;
  const where = plan.orderId === undefined ? { directKey: plan.directKey ?? "" } : { orderId: plan.orderId };
  const row = await guardDatabase(() => engine.database.prisma.chat.findUnique({ where }));
  if (row === null) throw new ParleyError("chat_not_found");
  if (plan.type === "order" && (row.userId !== plan.userId || row.shopperId !== plan.shopperId)) {
    throw new ParleyError("order_chat_differs");
  }
  return getChat(engine, { actor, chatId: row.id });
}
