/** What a load's clients tell it. */
export interface LoadHandlers {
  /** The number that the text of a new message carries, between two `~`. */
  onMessage(mark: number): void;
  onAck(id: number, ok: boolean): void;
  onDropped(): void;
}

/** A client of whichever contract that says things and hears what is said. */
export interface LoadClient {
  /** Sends a text, which needs no escaping in JSON; `onAck` tells of what came of it, under its mark. */
  say(mark: number, chatId: string, text: string): void;
  /** Tells a server that does not know who is in which chat; `onAck` tells when it knows. */
  join(id: number, chatId: string): void;
  close(): void;
}

/** The `~` on both sides of a mark. */
export const MARK = 126;

/** The decimal number that begins there. */
export function readNumber(data: Buffer, from: number): number {
  let value = 0;
  for (let at = from; at < data.length; at++) {
    const digit = (data[at] ?? 0) - 48;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  return value;
}
