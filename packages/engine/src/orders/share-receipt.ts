import { type Actor, type Message, ParleyError } from "@parley/contracts";
import { changeChat } from "../database/change-chat.js";
import type { Engine } from "../engine.js";
import { storeSystemMessage } from "../messages/store-system-message.js";
import { mayShareReceipt } from "../policy.js";
import { assertMayWrite } from "../users/assert-may-write.js";

export interface ShareReceiptInput {
  actor: Actor;
  chatId: string;
  receiptUrl: string;
  /** Who shared it, when it is not the caller. Only the platform may name others. */
  sharedBy?: string | undefined;
}

/** Puts a receipt into a chat as a system message. Refuses: user_muted, chat_not_found, forbidden, chat_closed. */
export async function shareReceipt(engine: Engine, input: ShareReceiptInput): Promise<Message> {
  const { actor, chatId, receiptUrl } = input;
  assertMayWrite(engine, actor);
  return changeChat(engine, {
    actor,
    chatId,
    work: async (transaction, locked) => {
      if (!mayShareReceipt(actor, locked)) throw new ParleyError("forbidden");
      const sharedBy = actor.userId === locked.shopperId ? actor.userId : (input.sharedBy ?? actor.userId);
      if (locked.status !== "active") throw new ParleyError("chat_closed");
      const message = await storeSystemMessage(
        { engine, transaction },
        {
          chat: locked,
          sender: actor,
          type: "receipt_shared",
          content: "A receipt was shared.",
          metadata: { receipt_url: receiptUrl, shared_by: sharedBy },
        },
      );
      return { result: message, bodies: [{ name: "message.created", message }] };
    },
  });
}
