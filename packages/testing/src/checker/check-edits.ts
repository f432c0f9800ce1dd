import { lackOf } from "./client-kinds.js";
import type { Finding } from "./finding.js";
import type { ShownMessage } from "./history-entry.js";
import { type HistoryIndex, type IndexedChat, memberKey } from "./history-index.js";

/** Acknowledged edits and deletions are stored, and in the end every member who is told of such knows each message as it is stored. */
export function checkEdits(index: HistoryIndex): Finding[] {
  return [...unstoredEdits(index), ...[...index.chats.values()].flatMap((chat) => staleViews(index, chat))];
}

function unstoredEdits(index: HistoryIndex): Finding[] {
  return index.operations.flatMap(({ invoke, outcome }): Finding[] => {
    if (invoke.f !== "edit" && invoke.f !== "delete") return [];
    const answered = outcome?.type === "ok" ? outcome.message : undefined;
    if (answered === undefined) return [];
    const stored = index.chats.get(invoke.chat)?.byId.get(answered.id);
    if (stored === undefined || (stored.rev >= answered.rev && agrees(stored, answered))) return [];
    const { user, chat } = invoke;
    const detail = `the ${invoke.f} of ${answered.id} at revision ${answered.rev} was acknowledged, revision ${stored.rev} is stored`;
    return [{ kind: "stale", chat, user, seq: stored.seq, detail }];
  });
}

/** At the same revision a message has one text. */
function agrees(stored: ShownMessage, shown: ShownMessage): boolean {
  return stored.rev !== shown.rev || (stored.sum === shown.sum && stored.deleted === shown.deleted);
}

function staleViews(index: HistoryIndex, chat: IndexedChat): Finding[] {
  const findings: Finding[] = [];
  for (const { user } of chat.members) {
    if (lackOf(index.kinds.get(user), "hear-edits") !== undefined) continue;
    const view = index.views.get(memberKey(chat.id, user));
    for (const stored of chat.messages) {
      const known = view?.get(stored.seq);
      if (known === undefined || known.id !== stored.id) continue;
      if (known.rev === stored.rev && agrees(stored, known)) continue;
      const detail = `${user} knows ${stored.id} at revision ${known.rev}, revision ${stored.rev} is stored`;
      findings.push({ kind: "stale", chat: chat.id, user, seq: stored.seq, detail });
    }
  }
  return findings;
}
