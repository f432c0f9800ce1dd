import { changeSettings, getSettings } from "@parley/engine";
import type { Handlers } from "./handler.js";

export const settingsHandlers = {
  getSettings: async ({ engine, actor }) => {
    const { privateReading } = await getSettings(engine, { actor });
    return { private_reading: privateReading };
  },

  changeSettings: async ({ engine, actor }, { body }) => {
    const change = { privateReading: body.private_reading };
    const { privateReading } = await changeSettings(engine, { actor, change });
    return { private_reading: privateReading };
  },
} satisfies Partial<Handlers>;
