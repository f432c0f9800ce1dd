import type { ChatSummary, DirectoryPerson } from "@parley/engine";
import { textOf } from "./present-message.js";
import { presentPerson } from "./present-person.js";

type Pair = readonly [string, string];

/** With the lower id first: the same for both of them, whoever began. */
function inOrder([one, other]: Pair): Pair {
  return Number(one) < Number(other) ? [one, other] : [other, one];
}

/** Whom somebody talks to; to operators who look at a conversation of others, the second of the two. */
export function otherOf(pair: Pair, viewerId: string): string {
  const [first, second] = inOrder(pair);
  return second === viewerId ? first : second;
}

/** A conversation as somebody sees it. */
export function presentConversation(
  chat: ChatSummary,
  { pair, viewerId, people }: { pair: Pair; viewerId: string; people: ReadonlyMap<string, DirectoryPerson> },
) {
  const [user1, user2] = inOrder(pair);
  const other = otherOf(pair, viewerId);
  return {
    id: chat.number,
    user1_id: Number(user1),
    user2_id: Number(user2),
    last_message_content: chat.lastMessage === null ? null : textOf(chat.lastMessage),
    last_message_at: chat.lastMessage?.createdAt ?? null,
    unread_count: chat.unreadCount,
    other_user: presentPerson(people.get(other) ?? { id: other, name: null, picture: null }),
    created_at: chat.createdAt,
    updated_at: chat.updatedAt,
  };
}
