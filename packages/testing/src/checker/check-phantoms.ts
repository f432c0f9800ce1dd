import type { Finding } from "./finding.js";
import type { Received, ShownMessage } from "./history-entry.js";
import type { HistoryIndex, IndexedChat } from "./history-index.js";

/** Nothing is stored or shown that nobody sent, or that was refused, or with a text that nobody wrote. */
export function checkPhantoms(index: HistoryIndex): Finding[] {
  const texts = writtenTexts(index);
  return [
    ...[...index.chats.values()].flatMap((chat) => storedPhantoms(index, { chat, texts })),
    ...index.received.flatMap((entry) => shownPhantoms(index, { entry, texts })),
  ];
}

type Texts = Map<string, Set<string>>;

/** The digests that somebody wrote, by the message's client id or its id. */
function writtenTexts(index: HistoryIndex): Texts {
  const texts: Texts = new Map();
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
  { chat, texts }: { chat: IndexedChat; texts: Texts },
): Finding[] {
  return chat.messages.flatMap((message): Finding[] => {
    const detail = phantomReason(index, { message, texts });
    return detail === undefined ? [] : [{ kind: "phantom", chat: chat.id, seq: message.seq, detail }];
  });
}

function phantomReason(
  index: HistoryIndex,
  { message, texts }: { message: ShownMessage; texts: Texts },
): string | undefined {
  const { id, key, sender } = message;
  // What the platform says by itself, such as that a chat was closed.
  if (sender === "system") return undefined;
  const sent = key === undefined ? undefined : index.sends.get(key);
  if (key === undefined || sent === undefined) return `${key ?? id} is stored and nobody sent it`;
  if (sent.attempts.every(({ outcome }) => outcome?.type === "fail")) {
    return `${key} is stored although every attempt was refused`;
  }
  if (message.deleted || wasWritten(message, { key, texts })) return undefined;
  return `${key} is stored with a text that nobody wrote`;
}

function wasWritten({ id, sum }: ShownMessage, { key, texts }: { key: string; texts: Texts }): boolean {
  return (texts.get(key)?.has(sum) || texts.get(id)?.has(sum)) ?? false;
}

function shownPhantoms(
  index: HistoryIndex,
  { entry: { chat, user, conn, message }, texts }: { entry: Received; texts: Texts },
): Finding[] {
  const known = index.chats.get(chat);
  if (message === undefined || known === undefined) return [];
  const { key, seq, id } = message;
  const place = { chat, user, conn, seq };
  const stored = known.byId.get(id);
  if (stored !== undefined) {
    const empty = stored.deleted === true && message.sum === "";
    if (stored.key === undefined || empty || wasWritten(message, { key: stored.key, texts })) return [];
    return [{ kind: "phantom", ...place, detail: `${stored.key} was shown with a text that nobody wrote` }];
  }
  // An acknowledged message of this chat that is not stored is a loss, and reported as one.
  const sent = key === undefined ? undefined : index.sends.get(key);
  if (sent?.chat === chat && sent.ackedAt !== undefined) return [];
  return [{ kind: "phantom", ...place, detail: `${key ?? id} was shown and is not stored in this chat` }];
}
