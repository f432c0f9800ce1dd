import type { Person } from "../chats/chat.js";
import type { Engine } from "../engine.js";
import { findPeople } from "./find-people.js";

/** Names and avatars by user id; people whom the directory does not know have neither. */
export async function readPeople(engine: Engine, userIds: string[]): Promise<(userId: string) => Person> {
  const people = await findPeople(engine, userIds);
  return (id) => ({ id, name: people.get(id)?.name ?? null, avatar: people.get(id)?.picture ?? null });
}
