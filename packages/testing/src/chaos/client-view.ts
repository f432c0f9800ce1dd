import type { RecordedMessage, ShownMessage } from "../checker/history-entry.js";

/** How far a chat has come: the revision of each of its messages, by number from 1, and who has to know them. */
export interface ChatState {
  chat: string;
  revs: number[];
  /** The integer names of the same messages. */
  numbers: number[];
  members: string[];
}

/** What one client has come to know: of each chat the messages, each at its latest revision, or by number where its contract says no more. */
export class ClientView {
  readonly #chats = new Map<string, Map<number, ShownMessage>>();

  readonly #numbers = new Map<string, Set<number>>();

  note(chat: string, message: RecordedMessage): void {
    if ("seq" in message) this.#notePlaced(chat, message);
    else this.#numbers.set(chat, (this.#numbers.get(chat) ?? new Set()).add(message.number));
  }

  #notePlaced(chat: string, message: ShownMessage): void {
    const messages = this.#chats.get(chat) ?? new Map<number, ShownMessage>();
    this.#chats.set(chat, messages);
    const known = messages.get(message.seq);
    if (known === undefined || known.rev < message.rev) messages.set(message.seq, message);
  }

  /** Whether it knows the message as it is here, or as it became later. */
  knows(chat: string, message: RecordedMessage): boolean {
    if ("seq" in message) return (this.#chats.get(chat)?.get(message.seq)?.rev ?? 0) >= message.rev;
    return this.#numbers.get(chat)?.has(message.number) ?? false;
  }

  /** How many messages of the chat it knows by number. */
  count(chat: string): number {
    return this.#numbers.get(chat)?.size ?? 0;
  }

  /** Up to here, no message of the chat is missing. */
  contiguous(chat: string): number {
    const messages = this.#chats.get(chat);
    let seq = 0;
    while (messages?.has(seq + 1)) seq++;
    return seq;
  }

  newest(chat: string): ShownMessage | undefined {
    const messages = this.#chats.get(chat);
    return messages?.get(Math.max(...messages.keys()));
  }

  own(chat: string, user: string): ShownMessage[] {
    return [...(this.#chats.get(chat)?.values() ?? [])].filter((message) => message.sender === user);
  }

  /** How many messages of the chat it does not know as they are stored. */
  lacks({ chat, revs, numbers }: ChatState): number {
    const messages = this.#chats.get(chat);
    const byNumber = this.#numbers.get(chat);
    const isKnown = (rev: number, place: number) =>
      (messages?.get(place + 1)?.rev ?? 0) >= rev || byNumber?.has(numbers[place] ?? 0);
    return revs.filter((rev, place) => !isKnown(rev, place)).length;
  }
}
