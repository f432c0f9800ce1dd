import { announceVisits, type Engine, type Visit } from "@parley/engine";
import type { Log } from "@parley/platform";
import { GatheredNews } from "./gathered-news.js";

export interface VisitAnnouncerOptions {
  engine: Engine;
  countVisitors: (chatIds: string[]) => Promise<number[]>;
  log: Log;
}

/**
 * Above so many in an open chat nobody is told of single people: each of ten thousand who come would be ten thousand frames, a hundred
 * million for all of them.
 */
const MOST_TOLD = 1_000;

/** Tells everyone in an open chat who came and who left. */
export function createVisitAnnouncer(options: VisitAnnouncerOptions): GatheredNews<Visit> {
  const { engine, countVisitors, log } = options;
  return new GatheredNews({
    keyOf: ({ chatId, userId }) => `${chatId} ${userId}`,
    tell: async (visits) => {
      const chatIds = [...new Set(visits.map(({ chatId }) => chatId))];
      const counts = await countVisitors(chatIds);
      const crowded = new Set(chatIds.filter((_, place) => (counts[place] ?? 0) > MOST_TOLD));
      const told = visits.filter(({ chatId }) => !crowded.has(chatId));
      if (told.length > 0) await announceVisits(engine, told);
    },
    what: "who came into open chats and left them",
    log,
  });
}
