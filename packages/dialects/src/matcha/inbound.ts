import { markAllRead } from "@parley/engine";
import type { DialectSocket, Fields, Said, SocketClient } from "../dialect-socket.js";
import { readInput } from "../read-input.js";
import { fieldsOf } from "./fields-of.js";
import { findConversation } from "./find-conversation.js";
import { newMessageFrame, reactionFrame, serverFrame } from "./frames.js";
import { conversationShape, reactionShape, sendFrameShape, typingShape } from "./input-shapes.js";
import { react } from "./react.js";
import { sendText } from "./send-text.js";

const NOTHING: Said = [];

/** What clients ask for. The event that follows is the answer, as in the seed; where none follows, the client is told directly. */
export const inbound: DialectSocket["frames"] = {
  send_message: async (client, frame) => {
    const sent = readInput(sendFrameShape, fieldsOf(frame));
    const { conversation_id: to, content, client_id: clientId } = sent;
    const { message, conversation, comesBack } = await sendText(client, { to, content, clientId });
    if (comesBack || (await client.isToCome(message))) return NOTHING;
    return [newMessageFrame(message, { ...conversation, toSender: true })];
  },
  join_conversation: async (client, frame) => {
    const { conversation_id } = readInput(conversationShape, fieldsOf(frame));
    const { chatId } = await findConversation(client, conversation_id);
    // Before the conversation is opened: this refuses outsiders.
    await markAllRead(client.engine, { actor: client.identity, chatId });
    await client.open(chatId);
    return NOTHING;
  },
  typing: async (client, frame) => {
    const { conversation_id, is_typing: isTyping } = readInput(typingShape, fieldsOf(frame));
    const { chatId } = await findConversation(client, conversation_id);
    await client.typing({ chatId, isTyping });
    return NOTHING;
  },
  reaction_add: (client, frame) => changeReaction(client, { frame, remove: false }),
  reaction_remove: (client, frame) => changeReaction(client, { frame, remove: true }),
  ping: async () => [serverFrame("pong", {})],
};

async function changeReaction(
  client: SocketClient,
  { frame, remove }: { frame: Fields; remove: boolean },
): Promise<Said> {
  const { message_id: to, emoji } = readInput(reactionShape, fieldsOf(frame));
  const { message, conversation, comesBack } = await react(client, { to, emoji, remove });
  return comesBack ? NOTHING : [reactionFrame(message, conversation)];
}
