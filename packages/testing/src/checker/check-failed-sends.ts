import type { Finding } from "./finding.js";
import type { FailedSend } from "./history-entry.js";
import { type HistoryIndex, memberKey } from "./history-index.js";

/** What a server answers to somebody who is out of the chat. */
const NOT_THEIRS = new Set(["chat_not_found", "forbidden"]);

/** No user of the SDK is told that a message failed, except who was out of the chat, or may have been. */
export function checkFailedSends(index: HistoryIndex): Finding[] {
  const told = new Map(index.failed.map((entry) => [entry.key, entry]));
  return [...told.values()].flatMap((entry): Finding[] => {
    if (NOT_THEIRS.has(entry.code) && !wasSurelyMember(index, entry)) return [];
    const { chat, user, conn, key, code } = entry;
    return [{ kind: "failed", chat, user, conn, detail: `${user} was told that ${key} failed: ${code}` }];
  });
}

/** From before it was sent until after it had failed. */
function wasSurelyMember(index: HistoryIndex, { chat, user, key, at }: FailedSend): boolean {
  const begunAt = index.sends.get(key)?.attempts[0]?.invoke.at ?? at;
  const stays = index.memberships.get(memberKey(chat, user)) ?? [];
  return stays.some(({ joinedAt, leaveAskedAt }) => joinedAt < begunAt && at < leaveAskedAt);
}
