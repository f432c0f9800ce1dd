import type { Message } from "@parley/contracts";
import type { Engine } from "@parley/engine";
import type { DialectOutbound, Said, Telling } from "../dialect-socket.js";
import { integerIdOf } from "../integer-ids.js";
import { findAttachments } from "./find-attachments.js";
import { namePeople } from "./name-people.js";
import { type MessageStatus, presentMessage } from "./present-message.js";

const NOTHING: Said = [];

/** What clients of this contract hear. */
export const outbound: DialectOutbound = {
  changes: {
    "message.created": ({ engine, body }) => tellMessage(engine, body.message),
    // Edits and reactions have no word here; who reads the history sees what stands.
    "message.updated": ({ engine, chatId, body: { message } }) =>
      message.deletedAt === null
        ? NOTHING
        : tellIn({ engine, chatId }, (chat_id) => [
            { type: "message_deleted", message_id: message.number, chat_id },
          ]),
    "messages.read": ({ engine, chatId, body: { userId, readSeq } }) =>
      tellStatus({ engine, chatId }, { userId, seq: readSeq, status: "read" }),
    "messages.delivered": ({ engine, chatId, body: { userId, deliveredSeq } }) =>
      tellStatus({ engine, chatId }, { userId, seq: deliveredSeq, status: "delivered" }),
    // Everyone in a new chat learns that they are in it.
    "chat.created": ({ engine, chatId }) =>
      tellIn({ engine, chatId }, (chat_id) => ({
        toEach: (userId) => [{ type: "participant_added", chat_id, user_id: integerIdOf(userId) }],
      })),
    "member.added": ({ engine, chatId, body: { userId } }) =>
      tellIn({ engine, chatId }, (chat_id) => [
        { type: "participant_added", chat_id, user_id: integerIdOf(userId) },
      ]),
    "member.removed": ({ engine, chatId, body: { userId } }) =>
      tellIn({ engine, chatId }, (chat_id) => [
        { type: "participant_removed", chat_id, user_id: integerIdOf(userId) },
      ]),
  },
  signals: {
    "typing.changed": ({ engine, chatId, body: { userId, action } }) =>
      chatId === null
        ? NOTHING
        : tellIn({ engine, chatId }, (chat_id) => [
            { type: "typing", chat_id, user_id: integerIdOf(userId), is_typing: action === "start" },
          ]),
  },
};

interface Place {
  engine: Engine;
  chatId: string;
}

/** At once where the chat's number is known. */
function tellIn({ engine, chatId }: Place, tell: (number: number) => Telling): Telling | Promise<Telling> {
  const known = engine.chatFacts.get(chatId);
  return known === undefined
    ? engine.chatFacts.read(chatId).then(({ number }) => tell(number))
    : tell(known.number);
}

async function tellMessage(engine: Engine, message: Message): Promise<Telling> {
  const { senderId, readAt } = message;
  const { number } = await engine.chatFacts.read(message.chatId);
  const [nameOf, fileOf] = await Promise.all([
    namePeople(engine, [senderId]),
    findAttachments(engine, { messages: [message], numberOf: () => number }),
  ]);
  const shared = { number, senderName: nameOf(senderId), file: fileOf(message) };
  const frame = (status: MessageStatus, toSender: boolean): Said => [
    {
      type: "new_message",
      message: presentMessage(message, { ...shared, status, toSender }),
    },
  ];
  const toOthers = frame("delivered", false);
  const toSender = frame(readAt === null ? "sent" : "read", true);
  return { toEach: (userId) => (userId === senderId ? toSender : toOthers) };
}

/** A position is told by the message that stands there. */
async function tellStatus(
  { engine, chatId }: Place,
  { userId, seq, status }: { userId: string; seq: number; status: MessageStatus },
): Promise<Telling> {
  if (seq === 0) return NOTHING;
  const [{ number: chat_id }, message_id] = await Promise.all([
    engine.chatFacts.read(chatId),
    engine.messageNumbers.read({ chatId, seq }),
  ]);
  return [{ type: "message_status", message_id, chat_id, status, user_id: integerIdOf(userId) }];
}
