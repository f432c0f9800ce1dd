import type { Actor } from "@parley/contracts";
import type { Engine } from "../engine.js";
import { accessChat } from "./chat-access.js";

/** Messages after the actor's read position: arithmetic on two numbers, never a count. Refuses: chat_not_found. */
export async function getUnreadCount(
  engine: Engine,
  input: { actor: Actor; chatId: string },
): Promise<number> {
  const { chat, membership } = await accessChat(engine, input);
  return membership === undefined ? 0 : Math.max(0, chat.lastSeq - membership.readSeq);
}
