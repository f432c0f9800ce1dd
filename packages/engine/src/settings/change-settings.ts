import type { Actor } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { getSettings } from "./get-settings.js";
import type { Settings } from "./settings.js";

/**
 * Changes what the actor has set for themself; what is left out stays. Private reading holds for every position that is moved from
 * the commit on.
 */
export async function changeSettings(
  engine: Engine,
  input: { actor: Actor; change: { privateReading?: boolean | undefined } },
): Promise<Settings> {
  const { userId } = input.actor;
  const { privateReading } = input.change;
  if (privateReading !== undefined) {
    await guardDatabase(() =>
      engine.database.prisma.userSettings.upsert({
        where: { userId },
        create: { userId, privateReading },
        update: { privateReading },
      }),
    );
  }
  return getSettings(engine, input);
}
