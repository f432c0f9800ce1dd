import { syncChanges } from "@parley/engine";
import { presentSync } from "../../native/present-sync.js";
import type { Handlers } from "./handler.js";

export const syncHandlers = {
  sync: async ({ engine, actor }, { query }) => {
    const { cursor, limit } = query;
    return presentSync(await syncChanges(engine, { actor, cursor, limit }));
  },
} satisfies Partial<Handlers>;
