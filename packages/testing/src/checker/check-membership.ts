import type { Finding } from "./finding.js";
import type { Received } from "./history-entry.js";
import { type HistoryIndex, memberKey } from "./history-index.js";

/**
 * Nobody is shown a chat that they are not in. What was sent before they left may still reach them for `boundMs` after the leave was
 * acknowledged; what was sent afterwards may not at all.
 */
export function checkMembership(index: HistoryIndex, boundMs: number): Finding[] {
  return index.received.flatMap((entry): Finding[] => {
    if (entry.message === undefined || wasMember(index, entry, boundMs)) return [];
    const { chat, user, conn, message } = entry;
    const detail = `number ${message.seq} was shown to ${user}, who was not a member`;
    return [{ kind: "foreign", chat, user, conn, seq: message.seq, detail }];
  });
}

function wasMember(index: HistoryIndex, entry: Received, boundMs: number): boolean {
  const { chat, user, at, message } = entry;
  const stays = index.memberships.get(memberKey(chat, user)) ?? [];
  const sent = message?.key === undefined ? undefined : index.sends.get(message.key);
  const begunAt = sent?.attempts[0]?.invoke.at ?? 0;
  return stays.some(
    ({ joinAskedAt, leftAt }) =>
      joinAskedAt <= at && (at <= leftAt || (begunAt < leftAt && at <= leftAt + boundMs)),
  );
}
