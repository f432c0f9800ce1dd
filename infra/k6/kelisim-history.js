import { callRest } from "./call-rest.js";
import { signToken } from "./sign-token.js";

const PAGE = 200;

/**
 * What is stored in a chat of integers, read over Kelisim: `newest()` and `storedSince(position)`. Gateway rooms have the same numbers, and their own
 * call shows the newest 50 messages only.
 */
export function kelisimHistory({ settings, userId, chat }) {
  const page = async (query) => {
    const { messages } = await callRest(`${settings.baseUrl}/api/chats/${chat.id}/messages?${query}`, {
      headers: { Authorization: `Bearer ${signToken(settings.jwtSecret, { userId })}` },
      name: "GET /api/chats/:id/messages",
      patienceMs: settings.patienceMs,
    });
    return messages.map(({ id, content }) => ({ position: id, text: content }));
  };
  return {
    newest: async () => (await page("limit=1"))[0]?.position ?? 0,
    storedSince: async (since) => {
      let found = await page(`limit=${PAGE}`);
      for (
        let older = found;
        older.length === PAGE && older[0].position > since;
        found = [...older, ...found]
      ) {
        older = await page(`limit=${PAGE}&before_id=${older[0].position}`);
      }
      return found.filter(({ position }) => position > since);
    },
  };
}
