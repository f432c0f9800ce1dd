import { type Actor, ParleyError } from "@parley/contracts";
import { recordAudit } from "../audit/record-audit.js";
import { changeChat } from "../database/change-chat.js";
import type { Engine } from "../engine.js";
import { SYSTEM_SENDER, storeSystemMessage } from "../messages/store-system-message.js";
import { isPrivileged, mayChangeStatus } from "../policy.js";
import type { ChatSummary } from "./chat.js";
import { getChat } from "./get-chat.js";

export type ChatStatus = "active" | "closed" | "archived";

const TOLD: Record<ChatStatus, string> = {
  active: "The chat is open again.",
  closed: "The chat was closed.",
  archived: "The chat was archived.",
};

/** Closes, archives or reopens a chat; a system message tells. Refuses: chat_not_found, forbidden. */
export async function changeChatStatus(
  engine: Engine,
  input: { actor: Actor; chatId: string; status: ChatStatus },
): Promise<ChatSummary> {
  await changeChat(engine, {
    actor: input.actor,
    chatId: input.chatId,
    work: async (transaction, locked) => {
      const { type: chatType, membership } = locked;
      if (!mayChangeStatus(input.actor, { chatType, membership })) throw new ParleyError("forbidden");
      if (locked.status === input.status) return { result: undefined, bodies: [] };
      const message = await storeSystemMessage(
        { engine, transaction },
        {
          chat: locked,
          sender: SYSTEM_SENDER,
          type: "system",
          content: TOLD[input.status],
          metadata: { status: input.status, changed_by: input.actor.userId },
        },
      );
      await transaction.chat.update({
        where: { id: locked.id },
        data: { status: input.status },
        select: { id: true },
      });
      if (isPrivileged(input.actor)) await recordAudit(transaction, [statusRecord(input)]);
      return { result: undefined, bodies: [{ name: "message.created", message }] };
    },
  });
  return getChat(engine, input);
}

function statusRecord(input: { actor: Actor; chatId: string; status: ChatStatus }) {
  const { actor, chatId, status } = input;
  const subject = { kind: "chat", id: chatId } as const;
  return { actor, action: "chat.status_changed", subject, detail: { status } } as const;
}
