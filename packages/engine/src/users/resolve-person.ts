import type { Engine } from "../engine.js";
import { findPeople } from "./find-people.js";
import type { DirectoryPerson } from "./people.js";

export interface Resolution {
  /** `unsure`: there is no server that owns the users, or it can't be asked; nothing may be refused for it. */
  known: "yes" | "no" | "unsure";
  person?: DirectoryPerson;
}

/**
 * Whether the server that owns the users knows somebody, for what would be sent to them. Waits once, for as long as the user source
 * allows itself. Never rejects.
 */
export async function resolvePerson(engine: Engine, userId: string): Promise<Resolution> {
  const { known } = await ask(engine, userId);
  if (known === "no") return { known };
  const person = (await findPeople(engine, [userId])).get(userId);
  return person ? { known, person } : { known };
}

async function ask({ userSource, log }: Engine, userId: string): Promise<Pick<Resolution, "known">> {
  try {
    return userSource ? await userSource.ask(userId) : { known: "unsure" };
  } catch (error) {
    log.error({ err: error, userId }, "the user source failed");
    return { known: "unsure" };
  }
}
