import type { Change } from "@parley/contracts";

/** How long a chat's latest revision is remembered for users who are just connecting. */
const KEPT_MS = 5_000;

/**
 * Revisions of large chats that nobody here followed when they came by. Somebody who was just connecting may have read their
 * position before that commit.
 */
export class RecentRevisions {
  readonly #revisions = new Map<string, { rev: number; at: number }>();

  note({ chatId, rev }: Change): void {
    const now = Date.now();
    this.#revisions.delete(chatId);
    this.#revisions.set(chatId, { rev, at: now });
    for (const [oldest, { at }] of this.#revisions) {
      if (now - at < KEPT_MS) break;
      this.#revisions.delete(oldest);
    }
  }

  /** 0 when nothing is remembered. */
  get(chatId: string): number {
    return this.#revisions.get(chatId)?.rev ?? 0;
  }
}
