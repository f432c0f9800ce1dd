import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { OPEN_CHAT_COLUMNS, type OpenChat, openChatFromRow } from "./open-chat.js";

/** A page of the open chats that are not archived, newest first. Whom they are open to is the caller's to know. */
export async function listOpenChats(
  engine: Engine,
  { limit, before }: { limit: number /** Only those with smaller numbers. */; before?: number | undefined },
): Promise<OpenChat[]> {
  const rows = await guardDatabase(() =>
    engine.database.prisma.chat.findMany({
      where: {
        isOpen: true,
        status: { not: "archived" },
        ...(before === undefined ? {} : { number: { lt: before } }),
      },
      orderBy: { number: "desc" },
      take: limit,
      select: OPEN_CHAT_COLUMNS,
    }),
  );
  return rows.map(openChatFromRow);
}
