import { type Actor, type Message, ParleyError } from "@parley/contracts";
import { openBeforeLock } from "../archive/open-before-lock.js";
import { restoreSegmentOf, SegmentElsewhere } from "../archive/restore-segment.js";
import type { OpenedSegment, SegmentFiles } from "../archive/segment-files.js";
import { changeChat, type LockedChat } from "../database/change-chat.js";
import type { Transaction } from "../database/transaction.js";
import type { Engine } from "../engine.js";
import type { Message as MessageRecord, Prisma } from "../generated/prisma/client.js";
import { messageFromRow } from "./message-row.js";

export interface MessageChange {
  actor: Actor;
  chatId: string;
  messageId: string;
}

/** What is about to be changed: the message as it stands under the chat's lock. */
export interface Subject {
  message: MessageRecord;
  chat: LockedChat;
}

/** Returns the columns to change, or null when the message already is as asked. */
export type MessageEdit = (
  transaction: Transaction,
  subject: Subject,
) => Promise<Prisma.MessageUncheckedUpdateInput | null>;

/** How often a segment is read anew because somebody rewrote it meanwhile. */
const MOST_TRIES = 5;

/**
 * Changes one stored message: takes a revision, keeps its place, tells the chat. An archived one comes back first, with its segment, which
 * goes again when this change is old, too; where its bytes are in a storage, they are read before the chat is locked.
 */
export async function changeMessage(
  engine: Engine,
  input: MessageChange,
  edit: MessageEdit,
): Promise<Message> {
  let opened: OpenedSegment | undefined;
  for (let tries = 1; ; tries++) {
    try {
      return await changeOnce(engine, { ...input, opened }, edit);
    } catch (error) {
      if (!(error instanceof SegmentElsewhere)) throw error;
      if (tries === MOST_TRIES) throw new ParleyError("overloaded", { retryAfterMs: RETRY_AFTER_MS });
      opened = await openBeforeLock(engine, { chatId: input.chatId, segment: error.segment });
    }
  }
}

const RETRY_AFTER_MS = 1_000;

type OneChange = MessageChange & { opened: OpenedSegment | undefined };

function changeOnce(engine: Engine, input: OneChange, edit: MessageEdit): Promise<Message> {
  const { segmentFiles } = engine.database;
  return changeChat(engine, {
    actor: input.actor,
    chatId: input.chatId,
    work: async (transaction, chat) => {
      const message = await findMessage(transaction, { ...input, segmentFiles });
      if (message === null || message.chatId !== chat.id) throw new ParleyError("message_not_found");
      const data = await edit(transaction, { message, chat });
      if (data === null) return { result: messageFromRow(message), bodies: [] };
      const updated = await transaction.message.update({
        where: { id: message.id },
        data: { ...data, rev: chat.takeRev() },
      });
      const result = messageFromRow(updated);
      return { result, bodies: [{ name: "message.updated", message: result }] };
    },
  });
}

async function findMessage(
  transaction: Transaction,
  { chatId, messageId, segmentFiles, opened }: OneChange & { segmentFiles: SegmentFiles },
) {
  const find = () => transaction.message.findUnique({ where: { id: messageId } });
  const message = await find();
  if (message !== null) return message;
  const isBack = await restoreSegmentOf(transaction, { chatId, messageId, segmentFiles, opened });
  return isBack ? find() : null;
}
