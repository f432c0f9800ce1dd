import type { ChangeBody } from "@parley/contracts";
import { directKeyOf } from "../chats/direct-key.js";
import { changeChat, type LockedChat } from "../database/change-chat.js";
import type { Transaction } from "../database/transaction.js";
import type { Chat } from "../generated/prisma/client.js";
import { SYSTEM_SENDER } from "../messages/store-system-message.js";
import { assertNotHeld } from "./assert-not-held.js";
import { countErased, type Erasure } from "./erasure.js";

/**
 * Takes a person out of a chat itself: of a group they are a member no more; in the chat of a pair or of an order a pseudonym has their place, so
 * that it keeps its two sides. What the chat says of them goes. Members who catch up begin anew. Throws HeldMeanwhile, database_unavailable.
 */
export async function leaveChat(erasure: Erasure, chatId: string): Promise<void> {
  await changeChat(erasure.engine, {
    actor: SYSTEM_SENDER,
    chatId,
    work: async (transaction, locked) => {
      await assertNotHeld(transaction, chatId);
      const bodies = await giveUpPlace(transaction, { erasure, locked });
      await renameChat(transaction, { erasure, chatId });
      return { result: undefined, bodies, also: [erasure.userId] };
    },
  });
}

async function giveUpPlace(
  transaction: Transaction,
  { erasure, locked }: { erasure: Erasure; locked: LockedChat },
): Promise<ChangeBody[]> {
  const { userId, pseudonym } = erasure;
  const where = { chatId_userId: { chatId: locked.id, userId } };
  const member = await transaction.member.findUnique({ where });
  if (member === null) return [];
  await countErased(transaction, erasure, { members: 1 });
  const isInside = member.leftAt === null;
  if (!isInside || locked.type === "group") {
    await transaction.member.delete({ where, select: { userId: true } });
    if (!isInside) return [];
    const memberCount = { decrement: 1 };
    await transaction.chat.update({ where: { id: locked.id }, data: { memberCount }, select: { id: true } });
    locked.takeRev();
    return [{ name: "member.removed", userId }];
  }
  locked.takeRev();
  const rev = locked.takeRev();
  await transaction.$executeRaw`
    UPDATE members SET user_id = ${pseudonym}, muted_until = NULL, own_xid = NULL, shown_read_seq = NULL, rev = ${rev}::int,
      joined_rev = ${rev}::int, joined_xid = pg_current_xact_id(), changed_xid = pg_current_xact_id()
    WHERE chat_id = ${locked.id}::uuid AND user_id = ${userId}`;
  return [
    { name: "member.removed", userId },
    { name: "member.added", userId: pseudonym },
  ];
}

async function renameChat(
  transaction: Transaction,
  { erasure, chatId }: { erasure: Erasure; chatId: string },
): Promise<void> {
  const chat = await transaction.chat.findUniqueOrThrow({ where: { id: chatId } });
  const { data, isCustomer } = renamed(erasure, chat);
  const isChanged = Object.entries(data).some(([name, value]) => chat[name as keyof Chat] !== value);
  if (isChanged) await transaction.chat.update({ where: { id: chatId }, data, select: { id: true } });
  await redactOrder(transaction, { erasure, chat, isCustomer });
  await countErased(transaction, erasure, { chats: isChanged ? 1 : 0 });
  await transaction.$executeRaw`
    UPDATE chats SET archived_xid = pg_current_xact_id(), changed_xid = pg_current_xact_id() WHERE id = ${chatId}::uuid`;
}

/** What the platform last said about the order: of the customer's own nothing stays, of others what does not name the person. */
async function redactOrder(
  transaction: Transaction,
  { erasure, chat, isCustomer }: { erasure: Erasure; chat: Chat; isCustomer: boolean },
): Promise<void> {
  const order = isCustomer ? null : erasure.mentions.inJson(chat.order);
  if (order === chat.order) return;
  const text = order === null ? null : JSON.stringify(order);
  await transaction.$executeRaw`UPDATE chats SET "order" = ${text}::jsonb WHERE id = ${chat.id}::uuid`;
}

/** A group's name was written by whoever made it; an open chat's comes from the page that it belongs to. */
function renamed({ userId, pseudonym, mentions }: Erasure, chat: Chat) {
  const other = (id: string | null) => (id === userId ? pseudonym : id);
  const isOwnName = chat.createdBy === userId && !chat.isOpen;
  const name = isOwnName || chat.name === null ? null : mentions.inText(chat.name);
  const isCustomer = chat.userId === userId;
  return {
    isCustomer,
    data: {
      name,
      createdBy: other(chat.createdBy) ?? pseudonym,
      userId: other(chat.userId),
      shopperId: other(chat.shopperId),
      directKey: chat.directKey && otherKey(chat.directKey, { userId, pseudonym }),
    },
  };
}

function otherKey(key: string, { userId, pseudonym }: { userId: string; pseudonym: string }): string {
  const pair: unknown = JSON.parse(key);
  if (!Array.isArray(pair) || !pair.includes(userId)) return key;
  const [one = "", other = ""] = pair.map((id: unknown) => (id === userId ? pseudonym : String(id)));
  return directKeyOf(one, other);
}
