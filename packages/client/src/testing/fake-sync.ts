import type { ChatShape, MessageShape } from "@parley/contracts";
import type { SyncPage } from "../chats/apply-page.js";

export interface FakeChat {
  id: string;
  rev: number;
  createdAt: string;
  messages: MessageShape[];
  members: string[];
  /** Of each member, when they came: after which message, and at what time. */
  joined: Map<string, { seq: number; at: string }>;
  reads: Map<string, number>;
  delivered: Map<string, number>;
}

/** One stored change, as catching up tells of it. */
export type FakeChange = { chatId: string } & (
  | { message: MessageShape }
  | { joined: string }
  | { left: string }
  | { moved: string }
);

export interface FakeSyncState {
  chats: ReadonlyMap<string, FakeChat>;
  log: readonly FakeChange[];
  page: number;
  /** Snapshots end here: what lies before is told in part. */
  snapshotEnd: number;
  /** Whether members are told with the message after which they came. */
  joinedSeq: boolean;
}

/** Of each chat, a snapshot brings so many messages. */
const NEWEST = 20;

/** One page of changes for a user, from a place in the log on. */
export function fakeSync(
  state: FakeSyncState,
  { userId, from, reset }: { userId: string; from: number; reset: boolean },
): SyncPage {
  const until = Math.min(state.log.length, from + state.page);
  const news = state.log.slice(from, until);
  const chats = [...new Set(news.map(({ chatId }) => chatId))].flatMap((id) => state.chats.get(id) ?? []);
  const mine = chats.filter(({ members }) => members.includes(userId));
  const isNew = (id: string) =>
    news.some((one) => one.chatId === id && "joined" in one && one.joined === userId);
  const inSnapshot = from < state.snapshotEnd;
  const messages = mine.flatMap((chat) => {
    if (isNew(chat.id)) return inSnapshot ? chat.messages.slice(-NEWEST) : chat.messages;
    const old = inSnapshot ? chat.messages.length - NEWEST : 0;
    return news.flatMap((one) =>
      one.chatId === chat.id && "message" in one && one.message.seq > old ? [one.message] : [],
    );
  });
  return {
    messages,
    chats: mine.map((chat) => chatShape(chat, userId)),
    members: [
      ...mine.flatMap((chat) => changedMembers(state, { chat, news, all: isNew(chat.id) })),
      ...news.flatMap((one) =>
        "left" in one && one.left === userId && !reset && !mine.some(({ id }) => id === one.chatId)
          ? leaving(one.chatId, userId)
          : [],
      ),
    ],
    receipts: mine.flatMap((chat) =>
      chat.members.map((user_id) => ({
        chat_id: chat.id,
        user_id,
        read_seq: chat.reads.get(user_id) ?? 0,
        delivered_seq: Math.max(chat.delivered.get(user_id) ?? 0, chat.reads.get(user_id) ?? 0),
      })),
    ),
    cursor: String(until),
    has_more: until < state.log.length,
    reset,
  };
}

function changedMembers(
  state: FakeSyncState,
  { chat, news, all }: { chat: FakeChat; news: readonly FakeChange[]; all: boolean },
): SyncPage["members"] {
  const changed = news.flatMap((one) => (one.chatId === chat.id && "joined" in one ? [one.joined] : []));
  const gone = news.flatMap((one) => (one.chatId === chat.id && "left" in one ? [one.left] : []));
  const present = chat.members.filter((user) => all || changed.includes(user));
  return [
    ...present.map((user_id) => {
      const { seq, at } = chat.joined.get(user_id) ?? { seq: 0, at: chat.createdAt };
      const joined_seq = state.joinedSeq ? { joined_seq: seq } : {};
      return { chat_id: chat.id, user_id, role: "member", joined_at: at, ...joined_seq };
    }),
    ...gone.filter((user) => !chat.members.includes(user)).flatMap((user) => leaving(chat.id, user)),
  ];
}

function leaving(chat_id: string, user_id: string): SyncPage["members"] {
  const at = "2031-01-01T00:00:00.000Z";
  return [{ chat_id, user_id, role: "member", joined_at: at, left_at: at }];
}

function chatShape({ id, messages, reads, createdAt }: FakeChat, userId: string): ChatShape {
  return {
    id,
    type: "group",
    order_id: null,
    user_id: null,
    shopper_id: null,
    status: "active",
    last_seq: messages.length,
    created_at: createdAt,
    updated_at: createdAt,
    unread_count: messages.length - (reads.get(userId) ?? 0),
  };
}
