import type { Actor } from "@parley/contracts";
import { accessChat } from "../chats/chat-access.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";

/** The ids of everyone in a chat, in no order. Refuses: chat_not_found. */
export async function listMemberIds(
  engine: Engine,
  input: { actor: Actor; chatId: string },
): Promise<string[]> {
  await accessChat(engine, input);
  const rows = await guardDatabase(() =>
    engine.database.prisma.member.findMany({
      where: { chatId: input.chatId, leftAt: null },
      select: { userId: true },
    }),
  );
  return rows.map(({ userId }) => userId);
}
