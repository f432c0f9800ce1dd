import { searchMessages } from "@parley/engine";
import { presentMessage } from "../../native/present-message.js";
import type { Handlers } from "./handler.js";

export const searchHandlers = {
  search: async ({ engine, actor }, { query }) => {
    const { q: text, chat_id: chatId, from, before, after, limit, cursor } = query;
    const dateOf = (time: string | undefined) => (time === undefined ? undefined : new Date(time));
    const times = { before: dateOf(before), after: dateOf(after) };
    const page = await searchMessages(engine, { actor, text, chatId, from, ...times, limit, cursor });
    return {
      results: page.results.map(({ message, highlights }) => ({
        message: presentMessage(message),
        highlights,
      })),
      next_cursor: page.nextCursor,
      archived_searched: false,
      archived_before: page.archivedBefore,
    };
  },
} satisfies Partial<Handlers>;
