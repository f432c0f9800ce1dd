import { findPeople, type OpenChat } from "@parley/engine";
import type { Caller } from "../caller.js";
import { namingOf } from "./naming.js";

/** A list that is shown once has time to ask for names. */
export const NAMES_PATIENCE_MS = 500;

export interface Room {
  id: number;
  name: string;
  post_id: number | null;
  chat_url: string;
  owner: string;
  online_count: number;
  created_at: string;
}

const POST = "post:";

/** What a post's room is called in the engine. */
export function keyOfPost(postId: number): string {
  return `${POST}${postId}`;
}

/** Rooms as clients see them, in their order. One question about people and one about visitors for all. */
export async function presentRooms(
  { engine, ports }: Caller,
  { chats, host }: { chats: readonly OpenChat[]; host: string },
): Promise<Room[]> {
  const owners = chats.map(({ createdBy }) => createdBy);
  const [people, counts] = await Promise.all([
    findPeople(engine, owners, { patienceMs: NAMES_PATIENCE_MS }),
    ports.countVisitors(chats.map(({ id }) => id)),
  ]);
  return chats.map(({ number, name, externalKey, createdBy, createdAt }, place) => ({
    id: number,
    name,
    post_id: externalKey?.startsWith(POST) ? Number(externalKey.slice(POST.length)) : null,
    chat_url: `${host}/ws/chat/${number}/chat/`,
    owner: namingOf(createdBy, people.get(createdBy)).sender,
    online_count: counts[place] ?? 0,
    created_at: createdAt,
  }));
}
