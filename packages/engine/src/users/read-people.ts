import type { Person } from "../chats/chat.js";
import type { Engine } from "../engine.js";

/** Names and avatars by user id; people whom the directory does not know have neither. */
export async function readPeople(engine: Engine, userIds: string[]): Promise<(userId: string) => Person> {
  const rows = await engine.database.prisma.user.findMany({
    where: { id: { in: [...new Set(userIds)] } },
    select: { id: true, name: true, picture: true },
  });
  const known = new Map(rows.map((row) => [row.id, row]));
  return (id) => ({ id, name: known.get(id)?.name ?? null, avatar: known.get(id)?.picture ?? null });
}
