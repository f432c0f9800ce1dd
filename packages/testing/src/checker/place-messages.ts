import type { HistoryEntry, RecordedEntry, RecordedMessage, ShownMessage } from "./history-entry.js";
import type { Truth } from "./truth.js";

/** The place of a message that is stored nowhere, as far as its number tells. */
export const NO_PLACE = 0;

/** Gives what contracts with integers showed the id, place and revision that is stored under its number; texts and senders stay as shown. */
export function placeMessages(entries: readonly RecordedEntry[], truth: Truth): HistoryEntry[] {
  const stored = new Map(
    truth.chats.flatMap(({ messages }) => messages.map((message) => [message.number, message])),
  );
  const place = (shown: RecordedMessage): ShownMessage => {
    if ("seq" in shown) return shown;
    const { number, key, sender, sum } = shown;
    const { id, seq, rev, key: storedKey } = stored.get(number) ?? unplaced(number);
    return { id, seq, rev, key: key ?? storedKey, sender, sum };
  };
  return entries.map((entry): HistoryEntry => {
    if (entry.type === "recv") return { ...entry, message: entry.message && place(entry.message) };
    if (!("op" in entry) || entry.type === "invoke") return entry;
    return { ...entry, message: entry.message && place(entry.message), shown: entry.shown?.map(place) };
  });
}

function unplaced(number: number): Pick<ShownMessage, "id" | "seq" | "rev" | "key"> {
  return { id: `message ${number}`, seq: NO_PLACE, rev: 0 };
}
