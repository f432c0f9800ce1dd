import { type Actor, AUDIENCE_LIST_LIMIT, type Audience, type SignalBody } from "@parley/contracts";
import { accessChat } from "../chats/chat-access.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { publishSignals } from "../events/publish.js";

/**
 * Tells the others in a chat something that is only true for a moment (typing, who opened it).
 * Refuses: chat_not_found.
 */
export async function announceInChat(
  engine: Engine,
  input: { actor: Actor; chatId: string; body: SignalBody },
): Promise<void> {
  const { actor, chatId, body } = input;
  const { chat } = await accessChat(engine, input);
  const audience = await audienceOf(engine, { chatId, memberCount: chat.memberCount });
  publishSignals(engine, [{ chatId, audience, exceptUser: actor.userId, body }]);
}

/** Tells named people about the presence of others; who has nobody to tell it to is left out. */
export function announcePresence(
  engine: Engine,
  news: ReadonlyArray<{ audience: string[]; body: SignalBody }>,
): void {
  const heard = news.filter(({ audience }) => audience.length > 0);
  if (heard.length === 0) return;
  publishSignals(
    engine,
    heard.map(({ audience, body }) => ({ chatId: null, audience, body })),
  );
}

async function audienceOf(engine: Engine, chat: { chatId: string; memberCount: number }): Promise<Audience> {
  if (chat.memberCount > AUDIENCE_LIST_LIMIT) return null;
  const rows = await guardDatabase(() =>
    engine.database.prisma.member.findMany({
      where: { chatId: chat.chatId, leftAt: null },
      select: { userId: true },
    }),
  );
  return rows.map((row) => row.userId);
}
