import type { Finding } from "./finding.js";
import { groupBy } from "./group-by.js";
import type { HistoryIndex, IndexedChat, Sent } from "./history-index.js";
import type { Operation } from "./operation.js";

/** Whoever reads sees what was acknowledged before they asked: their own writes, and everybody else's. */
export function checkReads(index: HistoryIndex): Finding[] {
  const sends = groupBy(index.sends.values(), (sent) => sent.chat);
  return index.operations.flatMap((operation) => {
    const chat = index.chats.get(operation.invoke.chat);
    if (operation.invoke.f !== "read" || chat === undefined) return [];
    return unseenWrites(operation, { chat, sends: sends.get(chat.id) ?? [] });
  });
}

function unseenWrites(
  { invoke, outcome }: Operation,
  { chat, sends }: { chat: IndexedChat; sends: readonly Sent[] },
): Finding[] {
  if (outcome?.type !== "ok" || outcome.shown === undefined) return [];
  const shown = new Set(outcome.shown.map((message) => message.id));
  const { through = Number.POSITIVE_INFINITY } = outcome;
  const findings: Finding[] = [];
  for (const { key, ackedAt } of sends) {
    const message = chat.byKey.get(key);
    if (message === undefined || ackedAt === undefined || ackedAt >= invoke.at) continue;
    if (message.seq <= (invoke.seq ?? 0) || message.seq > through || shown.has(message.id)) continue;
    const { user } = invoke;
    const detail = `${key} was acknowledged before ${user} read, and not shown`;
    findings.push({ kind: "stale-read", chat: chat.id, user, seq: message.seq, detail });
  }
  return findings;
}
