import { ParleyError } from "@parley/contracts";
import type { Engine } from "../engine.js";
import { isPrivileged } from "../policy.js";
import { type ChatCandidate, chatCandidates, type FindChatsInput } from "./chat-candidates.js";
import { type OverseenChat, readOverseenChats } from "./overseen-chat.js";
import { writeCursor } from "./page-cursor.js";

/**
 * A page of all chats, the newest first, or of those that a search finds. Looks at a few hundred chats at most, so that a page may be short,
 * even empty, before the end. Refuses: role_required, invalid_input (the cursor).
 */
export async function findChats(
  engine: Engine,
  input: FindChatsInput,
): Promise<{ chats: OverseenChat[]; nextCursor: string | null }> {
  if (!isPrivileged(input.actor)) throw new ParleyError("role_required");
  const { limit } = input;
  const { candidates, end } = await chatCandidates(engine, input);
  const ids = [...new Set(candidates.map(({ id }) => id))];
  const chats = await readOverseenChats(engine, { ids, filter: input });
  const page = chats.slice(0, limit);
  if (chats.length <= limit) return { chats: page, nextCursor: cursorOf(end) };
  const last = page.at(-1);
  return { chats: page, nextCursor: cursorOf(candidates.find(({ id }) => id === last?.id)) };
}

function cursorOf(candidate: ChatCandidate | null | undefined): string | null {
  return candidate == null ? null : writeCursor([candidate.part, candidate.key, candidate.id]);
}
