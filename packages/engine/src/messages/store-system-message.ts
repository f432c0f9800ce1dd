import { type Message, type MessageType, SYSTEM_USER_ID } from "@parley/contracts";
import type { LockedChat } from "../database/change-chat.js";
import type { Transaction } from "../database/transaction.js";
import type { Engine } from "../engine.js";
import type { Prisma } from "../generated/prisma/client.js";
import { messageFromRow } from "./message-row.js";

/** Who speaks when no person does. */
export const SYSTEM_SENDER = { userId: SYSTEM_USER_ID, role: "system" } as const;

export interface SystemMessage {
  chat: LockedChat;
  sender: { userId: string; role: string };
  type: MessageType;
  content: string;
  metadata?: Record<string, unknown>;
}

/** Stores a message of the platform as part of another change of the chat, in that change's transaction. */
export async function storeSystemMessage(
  context: { engine: Engine; transaction: Transaction },
  input: SystemMessage,
): Promise<Message> {
  const { chat } = input;
  const { now } = chat;
  const row = await context.transaction.message.create({
    data: {
      id: context.engine.ids(),
      chatId: chat.id,
      seq: chat.takeSeq(),
      rev: chat.takeRev(),
      senderId: input.sender.userId,
      senderRole: input.sender.role,
      type: input.type,
      content: input.content,
      createdAt: now,
      ...(input.metadata === undefined ? {} : { metadata: input.metadata as Prisma.InputJsonObject }),
    },
  });
  await context.transaction.chat.update({
    where: { id: chat.id },
    data: { updatedAt: now },
    select: { id: true },
  });
  // Sending counts as reading, for a member who speaks through the platform too.
  await context.transaction.member.updateMany({
    where: { chatId: chat.id, userId: input.sender.userId, leftAt: null },
    data: { readSeq: row.seq, shownReadSeq: null, deliveredSeq: row.seq, rev: row.rev },
  });
  return messageFromRow(row);
}
