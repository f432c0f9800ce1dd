import type { PlannedChat } from "./load-protocol.js";
import type { Random } from "./random.js";

/** Who is in which chat at the moment, as far as this process knows; guests come and go. */
export class ChatRoll {
  readonly #chats = new Map<string, PlannedChat>();
  readonly #chatsOf = new Map<string, Set<string>>();

  constructor(chats: readonly PlannedChat[]) {
    for (const chat of chats) {
      this.#chats.set(chat.id, chat);
      for (const user of chat.members) this.enter(chat.id, user);
    }
  }

  enter(chat: string, user: string): void {
    const chats = this.#chatsOf.get(user) ?? new Set<string>();
    this.#chatsOf.set(user, chats.add(chat));
  }

  leave(chat: string, user: string): void {
    this.#chatsOf.get(user)?.delete(chat);
  }

  /** One of a user's chats. */
  choose(user: string, random: Random): PlannedChat | undefined {
    const id = random.pick([...(this.#chatsOf.get(user) ?? [])]);
    return id === undefined ? undefined : this.#chats.get(id);
  }
}
