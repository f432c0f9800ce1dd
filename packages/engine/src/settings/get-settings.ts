import type { Actor } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { DEFAULT_SETTINGS, type Settings } from "./settings.js";

/** What the actor has set for themself. */
export async function getSettings(engine: Engine, { actor }: { actor: Actor }): Promise<Settings> {
  const row = await guardDatabase(() =>
    engine.database.prisma.userSettings.findUnique({ where: { userId: actor.userId } }),
  );
  return row === null ? DEFAULT_SETTINGS : { privateReading: row.privateReading };
}
