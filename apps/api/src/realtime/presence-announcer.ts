import { announcePresence, chatPartners, type Engine } from "@parley/engine";
import type { Log, PresenceState } from "@parley/platform";
import { GatheredNews } from "./gathered-news.js";

/** Tells those who share a chat with somebody that they came or went: one query and one packet for many changes, and only the newest of each user. */
export function createPresenceAnnouncer({
  engine,
  log,
}: {
  engine: Engine;
  log: Log;
}): GatheredNews<PresenceState> {
  return new GatheredNews({
    keyOf: ({ userId }) => userId,
    tell: async (states) => {
      const userIds = states.map(({ userId }) => userId);
      const partners = await chatPartners(engine, userIds);
      announcePresence(
        engine,
        states.map((state) => ({
          audience: partners.get(state.userId) ?? [],
          body: { name: "presence.changed", ...state },
        })),
      );
    },
    what: "changes of presence",
    log,
  });
}
