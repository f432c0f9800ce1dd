import { type Engine, findPeople } from "@parley/engine";

/** Finds out names; people of whom none is known go by their ids. */
export async function namePeople(
  engine: Engine,
  userIds: readonly string[],
): Promise<(userId: string) => string> {
  const people = await findPeople(engine, userIds);
  return (userId) => people.get(userId)?.name ?? userId;
}
