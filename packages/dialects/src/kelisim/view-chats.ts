import type { ChatSummary } from "@parley/engine";
import type { Caller } from "../caller.js";
import { namePeople } from "./name-people.js";
import { type ChatShape, presentChat } from "./present-chat.js";
import { viewMessages } from "./view-messages.js";

/** Chats as the caller sees them; as many queries for a page as for one. */
export async function viewChats(caller: Caller, chats: readonly ChatSummary[]): Promise<ChatShape[]> {
  const { userId } = caller.identity;
  const others = new Map(chats.map((chat) => [chat.id, otherIn(chat, userId)]));
  const numbers = new Map(chats.map(({ id, number }) => [id, number]));
  const messages = chats.flatMap(({ lastMessage }) => lastMessage ?? []);
  const [nameOf, last] = await Promise.all([
    namePeople(
      caller.engine,
      [...others.values()].flatMap((id) => id ?? []),
    ),
    viewMessages(caller, { messages, numberOf: (chatId) => numbers.get(chatId) ?? 0 }),
  ]);
  const shown = new Map(messages.map(({ chatId }, index) => [chatId, last[index] ?? null]));
  return chats.map((chat) => {
    const other = others.get(chat.id);
    return presentChat(chat, {
      name: chat.name ?? (other === undefined ? null : nameOf(other)),
      lastMessage: shown.get(chat.id) ?? null,
    });
  });
}

/** The other one of two; nobody for those who look on. */
function otherIn({ pair }: ChatSummary, userId: string): string | undefined {
  if (!pair?.includes(userId)) return undefined;
  return pair.find((id) => id !== userId);
}
