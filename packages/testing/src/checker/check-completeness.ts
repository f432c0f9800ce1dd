import type { Finding } from "./finding.js";
import { type HistoryIndex, memberKey } from "./history-index.js";
import type { OwedMessage } from "./owed-messages.js";

/**
 * In the end every member knows every message of the chat, and every connection has shown what it owed. A message that is absent to
 * the end is reported as that alone.
 */
export function checkCompleteness(index: HistoryIndex, owed: readonly OwedMessage[]): Finding[] {
  const absent = absentMessages(index);
  const isAbsent = new Set(absent.map(({ chat, user, seq }) => `${chat} ${user} ${seq}`));
  const missed = owed.flatMap(({ life, chat, message, shownAt }): Finding[] => {
    const { user, conn } = life;
    const { seq } = message;
    if (shownAt !== undefined || isAbsent.has(`${chat.id} ${user} ${seq}`)) return [];
    const detail = `number ${seq} was not shown although the connection was open`;
    return [{ kind: "missed", chat: chat.id, user, conn, seq, detail }];
  });
  return [...absent, ...missed];
}

function absentMessages(index: HistoryIndex): Finding[] {
  const findings: Finding[] = [];
  for (const chat of index.chats.values()) {
    for (const { user } of chat.members) {
      const view = index.views.get(memberKey(chat.id, user));
      for (const { seq } of chat.messages) {
        if (view?.has(seq)) continue;
        findings.push({
          kind: "absent",
          chat: chat.id,
          user,
          seq,
          detail: `${user} never came to know number ${seq}`,
        });
      }
    }
  }
  return findings;
}
