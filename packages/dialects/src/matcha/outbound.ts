import type { Engine } from "@parley/engine";
import type { DialectOutbound, Said, Telling } from "../dialect-socket.js";
import { integerIdOf, isIntegerId } from "../integer-ids.js";
import { asConversation, type Conversation } from "./find-conversation.js";
import { newMessageFrame, reactionFrame, serverFrame } from "./frames.js";
import { presentPresence } from "./present-presence.js";

const NOTHING: Said = [];

/** What clients of this contract hear. Of chats that are no conversations here they hear nothing. */
export const outbound: DialectOutbound = {
  changes: {
    "message.created": ({ engine, chatId, body: { message } }) =>
      tellIn({ engine, chatId }, (conversation) => {
        const toOthers = [newMessageFrame(message, { ...conversation, toSender: false })];
        if (message.clientId === null) return toOthers;
        const toSender = [newMessageFrame(message, { ...conversation, toSender: true })];
        return { toEach: (userId) => (userId === message.senderId ? toSender : toOthers) };
      }),
    // The only change of a message that the contract has a word for; told with edits, too, because what stands is told and not what happened.
    "message.updated": ({ engine, chatId, body: { message } }) =>
      tellIn({ engine, chatId }, (conversation) => [reactionFrame(message, conversation)]),
  },
  signals: {
    "typing.changed": ({ engine, chatId, body }) =>
      tellIn({ engine, chatId }, ({ number }) => [
        serverFrame("typing", {
          conversation_id: number,
          data: { user_id: integerIdOf(body.userId), is_typing: body.action === "start" },
        }),
      ]),
    // Who has no integer for a name is in no conversation.
    "presence.changed": ({ body }) =>
      isIntegerId(body.userId) ? [serverFrame("presence_update", { data: presentPresence(body) })] : NOTHING,
  },
};

function tellIn(
  { engine, chatId }: { engine: Engine; chatId: string | null },
  tell: (conversation: Conversation) => Telling,
): Telling | Promise<Telling> {
  if (chatId === null) return NOTHING;
  const known = engine.chatFacts.get(chatId);
  const tellOf = (facts: NonNullable<typeof known>): Telling => {
    const conversation = asConversation(facts);
    return conversation === undefined ? NOTHING : tell(conversation);
  };
  return known === undefined ? engine.chatFacts.read(chatId).then(tellOf) : tellOf(known);
}
