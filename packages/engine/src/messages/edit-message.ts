import { type Message, ParleyError } from "@parley/contracts";
import type { Engine } from "../engine.js";
import { isPersonal } from "../policy.js";
import { assertMayWrite } from "../users/assert-may-write.js";
import { changeMessage, type MessageChange } from "./change-message.js";

/** Changes the text of one's own message. Refuses: chat_not_found, message_not_found, message_deleted, forbidden, user_muted. */
export async function editMessage(
  engine: Engine,
  input: MessageChange & { content: string },
): Promise<Message> {
  assertMayWrite(engine, input.actor);
  return changeMessage(engine, input, async (_transaction, { message, chat }) => {
    if (message.senderId !== input.actor.userId || !isPersonal(message.type)) {
      throw new ParleyError("forbidden", {
        message: "Only the sender can edit a message, and nobody what the platform said.",
      });
    }
    if (message.deletedAt !== null) throw new ParleyError("message_deleted");
    return message.content === input.content ? null : { content: input.content, editedAt: chat.now };
  });
}
