import type { ShownMessage } from "../checker/history-entry.js";

/** How far a chat has come: the revision of each of its messages, by number from 1, and who has to know them. */
export interface ChatState {
  chat: string;
  revs: number[];
  members: string[];
}

/** What one client has come to know: of each chat the messages, each at its latest revision. */
export class ClientView {
  readonly #chats = new Map<string, Map<number, ShownMessage>>();

  note(chat: string, message: ShownMessage): void {
    const messages = this.#chats.get(chat) ?? new Map<number, ShownMessage>();
    this.#chats.set(chat, messages);
    const known = messages.get(message.seq);
    if (known === undefined || known.rev < message.rev) messages.set(message.seq, message);
  }

  /** Whether it knows the message as it is here, or as it became later. */
  knows(chat: string, { seq, rev }: ShownMessage): boolean {
    return (this.#chats.get(chat)?.get(seq)?.rev ?? 0) >= rev;
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
  lacks({ chat, revs }: ChatState): number {
    const messages = this.#chats.get(chat);
    return revs.filter((rev, place) => (messages?.get(place + 1)?.rev ?? 0) < rev).length;
  }
}
