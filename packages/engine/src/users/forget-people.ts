import type { Engine } from "../engine.js";

/**
 * Forgets what this process keeps in memory of people whose access has changed: they may have been erased, and who comes under such an id then
 * is somebody new.
 */
export function forgetPeople(engine: Engine, userIds: readonly string[]): void {
  for (const userId of userIds) {
    engine.knownUsers.forgetAll(userId);
    engine.people.forget(userId);
    engine.chatFacts.forgetPerson(userId);
  }
}
