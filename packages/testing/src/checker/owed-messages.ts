import type { ShownMessage } from "./history-entry.js";
import { type ConnectionLife, type HistoryIndex, type IndexedChat, memberKey } from "./history-index.js";

/** A message that a connection had to show, with what it showed. */
export interface OwedMessage {
  life: ConnectionLife;
  chat: IndexedChat;
  message: ShownMessage;
  /** When the sender was told that it is stored, if ever. */
  ackedAt: number | undefined;
  /** When it was shown live; undefined: never. */
  shownAt: number | undefined;
}

/** How long a member must stay after a message was acknowledged for it to be owed whatever else was shown. */
const STAY_MS = 10_000;

/**
 * What each connection owed its user. A message is owed when somebody began to send it while the connection was live and the user
 * surely a member, or when it lies between two that were shown. A connection that ended owes nothing past the last that it showed;
 * somebody who left is not owed what was on its way at that moment.
 */
export function* owedMessages(index: HistoryIndex): Generator<OwedMessage> {
  for (const life of index.connections) {
    const shown = shownLive(life);
    for (const chat of index.chats.values()) {
      const stays = index.memberships.get(memberKey(chat.id, life.user));
      if (stays === undefined) continue;
      const seqs = shown.get(chat.id) ?? new Map<number, number>();
      const between = { first: Math.min(...seqs.keys()), last: Math.max(...seqs.keys()) };
      for (const message of chat.messages) {
        const shownAt = seqs.get(message.seq);
        if (!isOwed({ index, life, chat }, { message, between, seqs })) continue;
        yield { life, chat, message, ackedAt: ackOf(index, message), shownAt };
      }
    }
  }
}

function shownLive(life: ConnectionLife): Map<string, Map<number, number>> {
  const shown = new Map<string, Map<number, number>>();
  for (const { chat, message, event, at } of life.live) {
    if (message === undefined || event !== "new_message") continue;
    const seqs = shown.get(chat) ?? new Map<number, number>();
    shown.set(chat, seqs);
    if (!seqs.has(message.seq)) seqs.set(message.seq, at);
  }
  return shown;
}

function isOwed(
  { index, life, chat }: { index: HistoryIndex; life: ConnectionLife; chat: IndexedChat },
  {
    message,
    between,
    seqs,
  }: {
    message: ShownMessage;
    between: { first: number; last: number };
    seqs: ReadonlyMap<number, number>;
  },
): boolean {
  if (life.closedAt !== undefined && message.seq > between.last) return false;
  const stays = index.memberships.get(memberKey(chat.id, life.user)) ?? [];
  const [stay] = stays;
  const wholeTime = stays.length === 1 && stay?.leaveAskedAt === Number.POSITIVE_INFINITY;
  if (wholeTime && message.seq > between.first && message.seq < between.last) return true;
  const sent = message.key === undefined ? undefined : index.sends.get(message.key);
  if (sent === undefined) return false;
  const begunAt = sent.attempts[0]?.invoke.at ?? 0;
  if (begunAt < life.openedAt) return false;
  const storedBy = sent.ackedAt ?? Number.POSITIVE_INFINITY;
  return stays.some(({ joinedAt, leaveAskedAt }) => {
    if (begunAt <= joinedAt) return false;
    if (leaveAskedAt === Number.POSITIVE_INFINITY || storedBy + STAY_MS < leaveAskedAt) return true;
    return storedBy < leaveAskedAt && shownLater(seqs, { seq: message.seq, before: leaveAskedAt });
  });
}

/** Whether a later message of the chat was shown while the member was still in it. */
function shownLater(
  seqs: ReadonlyMap<number, number>,
  { seq, before }: { seq: number; before: number },
): boolean {
  for (const [shown, at] of seqs) if (shown > seq && at < before) return true;
  return false;
}

function ackOf(index: HistoryIndex, message: ShownMessage): number | undefined {
  return message.key === undefined ? undefined : index.sends.get(message.key)?.ackedAt;
}
