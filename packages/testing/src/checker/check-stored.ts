import type { Finding } from "./finding.js";
import type { HistoryIndex, IndexedChat } from "./history-index.js";

/** What was acknowledged is stored, once, as it was answered; the numbers of each chat are 1, 2, 3, … */
export function checkStored(index: HistoryIndex): Finding[] {
  return [
    ...lostMessages(index),
    ...[...index.chats.values()].flatMap((chat) => [...storedTwice(chat), ...numberGaps(chat)]),
  ];
}

function lostMessages(index: HistoryIndex): Finding[] {
  const findings: Finding[] = [];
  for (const { key, chat, user, attempts } of index.sends.values()) {
    for (const { outcome } of attempts) {
      if (outcome?.type !== "ok" || outcome.message === undefined) continue;
      const { id, seq } = outcome.message;
      const stored = index.chats.get(chat)?.byKey.get(key);
      if (stored === undefined) {
        findings.push({ kind: "lost", chat, user, seq, detail: `${key} was acknowledged as ${id}` });
        break;
      }
      if (stored.id === id && stored.seq === seq) continue;
      const detail = `${key} was acknowledged as ${id} (${seq}), and ${stored.id} (${stored.seq}) is stored`;
      findings.push({ kind: "disordered", chat, user, seq, detail });
    }
  }
  return findings;
}

function storedTwice(chat: IndexedChat): Finding[] {
  const findings: Finding[] = [];
  const seen = new Map<string, number>();
  for (const { key, seq } of chat.messages) {
    if (key === undefined) continue;
    const first = seen.get(key);
    if (first === undefined) seen.set(key, seq);
    else
      findings.push({
        kind: "doubled",
        chat: chat.id,
        seq,
        detail: `${key} is stored as number ${first} and as number ${seq}`,
      });
  }
  return findings;
}

function numberGaps(chat: IndexedChat): Finding[] {
  const findings: Finding[] = [];
  let expected = 1;
  for (const { seq } of [...chat.messages].sort((left, right) => left.seq - right.seq)) {
    if (seq > expected) {
      const detail = `after number ${expected - 1} comes number ${seq}`;
      findings.push({ kind: "gap", chat: chat.id, seq: expected, detail });
    }
    expected = seq + 1;
  }
  if (chat.lastSeq !== expected - 1) {
    const detail = `the chat says that its last number is ${chat.lastSeq}, and it is ${expected - 1}`;
    findings.push({ kind: "gap", chat: chat.id, seq: expected, detail });
  }
  return findings;
}
