import type { PresenceState } from "./presence-state.js";
import type { PresenceStore } from "./presence-store.js";
import type { PresentUsers } from "./presence-users.js";

export interface PresenceSweep {
  store: PresenceStore;
  users: PresentUsers;
  tell: (state: PresenceState) => void;
  /** When to leave the rest for next time, in the process's monotonic ms. */
  until: number;
}

/**
 * Withdraws the users of a lease that has run out and tells whose status changed by it. Several nodes may sweep one lease: each user is
 * taken from it once, by the node that tells. Resolves with the number of changes told; rejects when Redis fails.
 */
export async function sweepLease(sweep: PresenceSweep, lease: string): Promise<number> {
  const { store, users, tell, until } = sweep;
  let told = 0;
  for (let done = false; !done && performance.now() < until; ) {
    const userIds = await store.usersUnder(lease);
    const withdrawn = await store.withdraw(lease, userIds).catch((error: unknown) => {
      for (const userId of userIds) users.doubt(userId);
      throw error;
    });
    for (const { before, ...state } of withdrawn.outcomes) {
      if (before === state.status) continue;
      tell(state);
      told++;
    }
    done = withdrawn.done;
  }
  return told;
}
