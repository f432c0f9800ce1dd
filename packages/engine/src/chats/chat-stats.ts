import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";

export interface ChatStats {
  totalChats: number;
  activeChats: number;
  closedChats: number;
  totalMessages: number;
  averageMessages: number;
}

/** Numbers over all chats. Messages are the sum of the chats' last numbers, so no message row is read. */
export async function chatStats(engine: Engine): Promise<ChatStats> {
  const groups = await guardDatabase(() =>
    engine.database.prisma.chat.groupBy({ by: ["status"], _count: true, _sum: { lastSeq: true } }),
  );
  const countOf = (status: string) => groups.find((group) => group.status === status)?._count ?? 0;
  const totalChats = groups.reduce((sum, group) => sum + group._count, 0);
  const totalMessages = groups.reduce((sum, group) => sum + (group._sum.lastSeq ?? 0), 0);
  return {
    totalChats,
    activeChats: countOf("active"),
    closedChats: countOf("closed"),
    totalMessages,
    averageMessages: totalChats === 0 ? 0 : Math.round((totalMessages / totalChats) * 100) / 100,
  };
}
