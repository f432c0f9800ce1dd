import type { Finding } from "./finding.js";
import { groupBy } from "./group-by.js";
import { type HistoryIndex, type IndexedChat, memberKey } from "./history-index.js";
import type { Operation } from "./operation.js";
import type { TrueMember } from "./truth.js";

/** Read positions are where the acknowledged marks and own messages put them, and unread is what lies behind them. */
export function checkUnread(index: HistoryIndex): Finding[] {
  const moves = groupBy(
    index.operations.filter(({ invoke }) => invoke.f === "mark" || invoke.f === "send"),
    ({ invoke }) => memberKey(invoke.chat, invoke.user),
  );
  return [...index.chats.values()].flatMap((chat) =>
    chat.members.flatMap((member): Finding[] => {
      const { user } = member;
      const own = moves.get(memberKey(chat.id, user)) ?? [];
      const detail = unreadFault(member, { chat, ...readBounds(index, { chat, user, moves: own }) });
      return detail === undefined ? [] : [{ kind: "unread", chat: chat.id, user, detail }];
    }),
  );
}

function unreadFault(
  { user, readSeq, unread }: TrueMember,
  { chat, least, most }: { chat: IndexedChat; least: number; most: number },
): string | undefined {
  if (unread !== chat.lastSeq - readSeq)
    return `${user} read up to ${readSeq} of ${chat.lastSeq}, and the unread count is ${unread}`;
  if (readSeq < least) return `${user} read up to ${least}, and ${readSeq} is stored`;
  if (readSeq > most) return `${user} read no further than ${most}, and ${readSeq} is stored`;
  return undefined;
}

/** Sending counts as reading up to one's own message. */
function readBounds(
  index: HistoryIndex,
  { chat, user, moves }: { chat: IndexedChat; user: string; moves: readonly Operation[] },
): { least: number; most: number } {
  let least = 0;
  for (const { key, seq } of chat.messages) {
    const sent = key === undefined ? undefined : index.sends.get(key);
    if (sent?.user === user) least = Math.max(least, seq);
  }
  let most = least;
  for (const { invoke, outcome } of moves) {
    if (invoke.f === "mark" && outcome?.type === "ok") least = Math.max(least, outcome.seq ?? 0);
    if (outcome?.type === "fail") continue;
    most = Math.max(most, invoke.seq ?? 0, outcome?.seq ?? 0, outcome?.message?.seq ?? 0);
  }
  return { least, most: cameWithTheChat(index, chat, user) ? Math.max(least, most) : chat.lastSeq };
}

/** Whoever comes later has read what was said before, whatever that was. */
function cameWithTheChat(index: HistoryIndex, chat: IndexedChat, user: string): boolean {
  const stays = index.memberships.get(memberKey(chat.id, user)) ?? [];
  const [stay] = stays;
  if (stays.length !== 1 || stay === undefined || stay.leaveAskedAt !== Number.POSITIVE_INFINITY)
    return false;
  return chat.messages.every(({ key }) => {
    const sent = key === undefined ? undefined : index.sends.get(key);
    return (sent?.attempts[0]?.invoke.at ?? 0) > stay.joinedAt;
  });
}
