import type { MessageShape } from "@parley/contracts";
import type { TrueChat, TrueMember, Truth } from "../checker/truth.js";
import { restClient } from "../rest-client.js";
import { inTurns, operator } from "./chaos-rest.js";
import { persistentRequest } from "./persistent-request.js";
import { readNumbers } from "./read-numbers.js";
import { shownOf } from "./shown-of.js";

const PAGE_ROWS = 200;

interface ChatAnswer {
  last_seq: number;
  members: Array<{ user_id: string; read_seq: number }>;
}

/** Reads through the API what is stored, once nothing changes any more: the chats, and what each member is told about them. Only the messages' numbers come from the database. */
export async function readTruth(
  { url, databaseUrl }: { url: string; databaseUrl: string },
  chatIds: readonly string[],
): Promise<Truth> {
  const numbers = await readNumbers(databaseUrl, "messages");
  const chats = await inTurns(chatIds, (id) => readChat({ url, numbers }, id));
  const users = [...new Set(chats.flatMap(({ members }) => members.map(({ user }) => user)))];
  const counts = await inTurns(users, (user) => readUnread(url, user));
  const unread = new Map(users.map((user, place) => [user, counts[place] ?? new Map<string, number>()]));
  for (const chat of chats) {
    for (const member of chat.members) member.unread = unread.get(member.user)?.get(chat.id) ?? -1;
  }
  return { chats };
}

async function readChat(
  { url, numbers }: { url: string; numbers: ReadonlyMap<string, number> },
  id: string,
): Promise<TrueChat> {
  const { last_seq: lastSeq, members } = await ask<ChatAnswer>(url, `/v1/chat/${id}`);
  const messages: MessageShape[] = [];
  for (let more = true; more; ) {
    const path = `/v1/chat/${id}/messages?after_seq=${messages.at(-1)?.seq ?? 0}&limit=${PAGE_ROWS}`;
    const page = await ask<{ messages: MessageShape[]; hasMore: boolean }>(url, path);
    messages.push(...page.messages);
    more = page.hasMore && page.messages.length > 0;
  }
  return {
    id,
    lastSeq,
    messages: messages.map((message) => ({ ...shownOf(message), number: numbers.get(message.id) ?? 0 })),
    members: members.map(
      (member): TrueMember => ({ user: member.user_id, readSeq: member.read_seq, unread: -1 }),
    ),
  };
}

async function readUnread(url: string, userId: string): Promise<Map<string, number>> {
  const unread = new Map<string, number>();
  const rest = restClient(url, { userId });
  for (let cursor = ""; ; ) {
    const path = `/v1/chat/my-chats?limit=${PAGE_ROWS}${cursor && `&cursor=${cursor}`}`;
    const { body } = await persistentRequest<{
      chats: Array<{ id: string; unread_count?: number }>;
      next_cursor?: string;
    }>(rest, { method: "GET", path });
    for (const chat of body.chats) unread.set(chat.id, chat.unread_count ?? -1);
    if (body.next_cursor === undefined) return unread;
    cursor = encodeURIComponent(body.next_cursor);
  }
}

async function ask<Answer>(url: string, path: string): Promise<Answer> {
  const { status, body } = await persistentRequest<Answer>(operator(url), { method: "GET", path });
  if (status !== 200) throw new Error(`${path} was answered with ${status}: ${JSON.stringify(body)}`);
  return body;
}
