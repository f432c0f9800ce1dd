import { chatsOfPerson } from "./chats-of-person.js";
import { eraseMessages } from "./erase-messages.js";
import { eraseSegments } from "./erase-segments.js";
import type { Erasure } from "./erasure.js";
import { leaveChat } from "./leave-chat.js";

/**
 * Takes a person out of a page of chats, or of as many as there is time for. Returns where the next page begins; null: that was the last one. Throws
 * HeldMeanwhile, database_unavailable.
 */
export async function eraseChats(
  erasure: Erasure,
  { after, goesOn }: { after: string | undefined; goesOn: () => boolean },
): Promise<string | null> {
  const { chats, next } = await chatsOfPerson(erasure, after);
  let done = after;
  for (const chat of chats) {
    if (done !== undefined && done !== after && !goesOn()) return done;
    done = chat.id;
    // The archive first: what comes back from it meanwhile is found among the rows.
    if (chat.hasArchive) await eraseSegments(erasure, chat);
    if (!chat.isTheirs) continue;
    await eraseMessages(erasure, chat);
    // Last, because by this the chat is found.
    await leaveChat(erasure, chat.id);
  }
  return next;
}
