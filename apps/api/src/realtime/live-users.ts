import { type ChatCursor, type LiveUser, newCursor, type Receiver } from "./live-user.js";

/** Where a chat stands in the database. */
interface Position {
  chatId: string;
  rev: number;
  seq: number;
}

/** Who is connected to this node, and the chats that it therefore follows. */
export class LiveUsers {
  readonly #users = new Map<string, LiveUser>();
  readonly #cursors = new Map<string, ChatCursor>();

  get(userId: string): LiveUser | undefined {
    return this.#users.get(userId);
  }

  cursor(chatId: string): ChatCursor | undefined {
    return this.#cursors.get(chatId);
  }

  get count(): number {
    return this.#users.size;
  }

  get chatCount(): number {
    return this.#cursors.size;
  }

  cursors(): IterableIterator<ChatCursor> {
    return this.#cursors.values();
  }

  /** From here on, events that name the user reach this connection. */
  add(connection: Receiver): LiveUser {
    let user = this.#users.get(connection.userId);
    if (user === undefined) {
      user = {
        userId: connection.userId,
        connections: new Set(),
        cursors: new Set(),
        left: new Map(),
        privateReads: new Map(),
        settled: false,
      };
      this.#users.set(connection.userId, user);
    }
    user.connections.add(connection);
    return user;
  }

  remove(connection: Receiver): void {
    const user = this.#users.get(connection.userId);
    if (user === undefined || !user.connections.delete(connection) || user.connections.size > 0) return;
    this.#users.delete(user.userId);
    for (const cursor of user.cursors) this.detach(user, cursor);
  }

  /** Whether somebody who is told of a chat here has not been told of a message of it yet. */
  isToCome(userId: string, { chatId, seq }: { chatId: string; seq: number }): boolean {
    const cursor = this.#cursors.get(chatId);
    return cursor !== undefined && cursor.seq < seq && this.#users.get(userId)?.cursors.has(cursor) === true;
  }

  /**
   * Follows a chat for a user; an existing cursor keeps its place. Undefined for a user who is gone meanwhile, or who was removed
   * from the chat at a later revision than the position's.
   */
  attach(user: LiveUser, position: Position): ChatCursor | undefined {
    if (user.connections.size === 0 || (user.left.get(position.chatId) ?? 0) > position.rev) return undefined;
    let cursor = this.#cursors.get(position.chatId);
    if (cursor === undefined) {
      cursor = newCursor(position);
      this.#cursors.set(position.chatId, cursor);
    }
    cursor.users.add(user);
    user.cursors.add(cursor);
    return cursor;
  }

  isFollowed(user: LiveUser, chatId: string): boolean {
    const cursor = this.#cursors.get(chatId);
    return cursor !== undefined && user.cursors.has(cursor);
  }

  /** Whether the cursor is still the chat's: after a wait, everyone it was kept for may have gone. */
  isCurrent(cursor: ChatCursor): boolean {
    return this.#cursors.get(cursor.chatId) === cursor;
  }

  detach(user: LiveUser, cursor: ChatCursor): void {
    user.cursors.delete(cursor);
    cursor.users.delete(user);
    if (cursor.users.size > 0) return;
    if (cursor.timer !== null) clearTimeout(cursor.timer);
    cursor.timer = null;
    cursor.held = null;
    if (this.#cursors.get(cursor.chatId) === cursor) this.#cursors.delete(cursor.chatId);
  }
}
