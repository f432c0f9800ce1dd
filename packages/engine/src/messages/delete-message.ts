import { type Message, ParleyError } from "@parley/contracts";
import { recordAudit } from "../audit/record-audit.js";
import type { Engine } from "../engine.js";
import { releaseFile } from "../files/attach-file.js";
import { Prisma } from "../generated/prisma/client.js";
import { mayDelete } from "../policy.js";
import { changeMessage, type MessageChange } from "./change-message.js";

/**
 * Takes a message's content away and keeps its place as a tombstone. Its client id stays: a late retry of the send must
 * not bring it back. Deleting twice is fine. Refuses: chat_not_found, message_not_found, forbidden.
 */
export function deleteMessage(engine: Engine, input: MessageChange): Promise<Message> {
  return changeMessage(engine, input, async (transaction, { message, chat }) => {
    if (!mayDelete(input.actor, { senderId: message.senderId, membership: chat.membership })) {
      throw new ParleyError("forbidden", { message: "Only the sender or an owner can delete a message." });
    }
    if (message.deletedAt !== null) return null;
    await releaseFile(transaction, message.attachmentUrl);
    await transaction.reaction.deleteMany({ where: { messageId: message.id } });
    await recordAudit(transaction, [
      {
        actor: input.actor,
        action: "message.deleted",
        subject: { kind: "message", id: message.id },
        personId: message.senderId,
        detail: { chat_id: chat.id },
      },
    ]);
    return {
      content: "",
      attachmentUrl: null,
      attachmentType: null,
      metadata: Prisma.DbNull,
      reactions: Prisma.DbNull,
      deletedAt: chat.now,
    };
  });
}
