import type { Engine } from "../engine.js";
import type { DirectoryPerson } from "./people.js";

/**
 * Who people are, by user id: there is somebody for each id, with nulls for what nobody has said. Asked again within half a minute it
 * costs nothing, so that it can be asked for each event. Waits for no other server, unless the caller has `patienceMs`
 * milliseconds for it, as a list that is shown once has. Never rejects: a directory that is down costs names and nothing else.
 */
export function findPeople(
  engine: Engine,
  userIds: readonly string[],
  { patienceMs = 0 }: { patienceMs?: number } = {},
): Promise<Map<string, DirectoryPerson>> {
  return engine.people.find(userIds, patienceMs);
}
