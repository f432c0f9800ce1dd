import type { Message } from "@parley/contracts";
import { readReach } from "@parley/engine";
import type { Caller } from "../caller.js";
import { findAttachments } from "./find-attachments.js";
import { namePeople } from "./name-people.js";
import { type MessageShape, presentMessage, statusOf } from "./present-message.js";

const NOWHERE = { ownReadSeq: 0, othersReadSeq: 0, othersDeliveredSeq: 0 };

/** Messages as the caller sees them; as many queries for a page as for one. `numberOf` gives the numbers of their chats. */
export async function viewMessages(
  { engine, identity }: Pick<Caller, "engine" | "identity">,
  { messages, numberOf }: { messages: readonly Message[]; numberOf: (chatId: string) => number },
): Promise<MessageShape[]> {
  if (messages.length === 0) return [];
  const viewerId = identity.userId;
  const chatIds = [...new Set(messages.map(({ chatId }) => chatId))];
  const [nameOf, reaches, fileOf] = await Promise.all([
    namePeople(
      engine,
      messages.map(({ senderId }) => senderId),
    ),
    readReach(engine, { userId: viewerId, chatIds }),
    findAttachments(engine, { messages, numberOf }),
  ]);
  return messages.map((message) => {
    const reach = reaches.get(message.chatId) ?? NOWHERE;
    return presentMessage(message, {
      number: numberOf(message.chatId),
      senderName: nameOf(message.senderId),
      status: statusOf(message, { viewerId, reach }),
      toSender: message.senderId === viewerId,
      file: fileOf(message),
    });
  });
}
