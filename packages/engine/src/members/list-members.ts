import type { Actor } from "@parley/contracts";
import type { ChatMember } from "../chats/chat.js";
import { accessChat } from "../chats/chat-access.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { visiblePositions } from "../receipts/visible-positions.js";
import { readPeople } from "../users/read-people.js";

/** Everyone in a chat, in the order they joined. Refuses: chat_not_found. */
export async function listMembers(
  engine: Engine,
  input: { actor: Actor; chatId: string },
): Promise<ChatMember[]> {
  await accessChat(engine, input);
  return guardDatabase(async () => {
    const rows = await engine.database.prisma.member.findMany({
      where: { chatId: input.chatId, leftAt: null },
      orderBy: [{ joinedAt: "asc" }, { userId: "asc" }],
    });
    const person = await readPeople(
      engine,
      rows.map((row) => row.userId),
    );
    return rows.map((row) => ({
      userId: row.userId,
      name: person(row.userId).name,
      avatar: person(row.userId).avatar,
      role: row.role,
      joinedAt: row.joinedAt.toISOString(),
      ...visiblePositions(row, input.actor.userId),
    }));
  });
}
