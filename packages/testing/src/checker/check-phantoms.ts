import type { Finding } from "./finding.js";
import type { Received, ShownMessage } from "./history-entry.js";
import type { HistoryIndex, IndexedChat } from "./history-index.js";

/** Nothing is stored or shown that nobody sent, or that was refused, or with a text that nobody wrote. */
export function checkPhantoms(index: HistoryIndex): Finding[] {
  const texts = writtenTexts(index);
  return [
    ...[...index.chats.values()].flatMap((chat) => storedPhantoms(index, { chat, texts })),
    ...index.received.flatMap((entry) => shownPhantoms(index, entry)),
  ];
}

/** The digests that somebody wrote, by the message's client id or its id. */
function writtenTexts(index: HistoryIndex): Map<string, Set<string>> {
  const texts = new Map<string, Set<string>>();
  for (const { invoke } of index.operations) {
    const name = invoke.f === "send" ? invoke.key : invoke.id;
    if (name === undefined || invoke.sum === undefined) continue;
    const known = texts.get(name) ?? new Set();
    texts.set(name, known.add(invoke.sum));
  }
  return texts;
}

function storedPhantoms(
  index: HistoryIndex,
  { chat, texts }: { chat: IndexedChat; texts: Map<string, Set<string>> },
): Finding[] {
  return chat.messages.flatMap((message): Finding[] => {
    const detail = phantomReason(index, { message, texts });
    return detail === undefined ? [] : [{ kind: "phantom", chat: chat.id, seq: message.seq, detail }];
  });
}

function phantomReason(
  index: HistoryIndex,
  { message, texts }: { message: ShownMessage; texts: Map<string, Set<string>> },
): string | undefined {
  const { id, key, sum, deleted, sender } = message;
  // What the platform says by itself, such as that a chat was closed.
  if (sender === "system") return undefined;
  const sent = key === undefined ? undefined : index.sends.get(key);
  if (key === undefined || sent === undefined) return `${key ?? id} is stored and nobody sent it`;
  if (sent.attempts.every(({ outcome }) => outcome?.type === "fail")) {
    return `${key} is stored although every attempt was refused`;
  }
  if (deleted || texts.get(key)?.has(sum) || texts.get(id)?.has(sum)) return undefined;
  return `${key} is stored with a text that nobody wrote`;
}

function shownPhantoms(index: HistoryIndex, { chat, user, conn, message }: Received): Finding[] {
  const known = index.chats.get(chat);
  if (message === undefined || known === undefined || known.byId.has(message.id)) return [];
  const { key, seq, id } = message;
  // An acknowledged message that is not stored is a loss, and reported as one.
  if (key !== undefined && index.sends.get(key)?.ackedAt !== undefined) return [];
  return [{ kind: "phantom", chat, user, conn, seq, detail: `${key ?? id} was shown and is not stored` }];
}
