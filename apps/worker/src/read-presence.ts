import type { PresenceReader } from "@parley/engine";
import { createPresenceLookup, createViewingReader, type Redis } from "@parley/platform";

/** Makes the engine's look at who is there: where people are, and whether they look at the chat in question. */
export function createPresenceReader({ redis, prefix }: { redis: Redis; prefix: string }): PresenceReader {
  const place = { redis, prefix: `${prefix}:{presence}` };
  const lookUp = createPresenceLookup(place);
  const readViewing = createViewingReader(place);
  return async (questions) => {
    const userIds = [...new Set(questions.map(({ userId }) => userId))];
    const views = questions.map(({ userId, chatId }) => ({ userId, place: chatId ?? "" }));
    const [states, viewing] = await Promise.all([lookUp(userIds), readViewing(views)]);
    const byUser = new Map(states.map((state) => [state.userId, state.status]));
    return questions.map(({ userId }, place) => ({
      status: byUser.get(userId) ?? "offline",
      viewingRenewedMsAgo: viewing[place] ?? null,
    }));
  };
}
