import { patientRead } from "./patient-read.js";
import type { PresenceState, PresenceStatus } from "./presence-state.js";
import { PRESENCE_BATCH, type PresenceStore } from "./presence-store.js";
import type { PresentUsers } from "./presence-users.js";

export interface PresenceReaderOptions {
  store: PresenceStore;
  users: PresentUsers;
}

const RANK: Record<PresenceStatus, number> = { offline: 0, away: 1, online: 2 };

/** Makes the function that reads users' presence: Redis's view, and at least what this node knows. Never rejects. */
export function createPresenceReader(
  options: PresenceReaderOptions,
): (userIds: string[]) => Promise<PresenceState[]> {
  const readStored = patientRead(options.store, (userIds: string[]) => options.store.read(userIds));

  return async (userIds) => {
    const states: PresenceState[] = [];
    for (let from = 0; from < userIds.length; from += PRESENCE_BATCH) {
      const batch = userIds.slice(from, from + PRESENCE_BATCH);
      const stored = (await readStored(batch)) ?? [];
      for (const [place, userId] of batch.entries())
        states.push(combine(stored[place], localState(options, userId)));
    }
    return states;
  };
}

/** A connection that this node has just got may not have reached Redis yet. */
function combine(stored: PresenceState | undefined, local: PresenceState): PresenceState {
  if (stored === undefined || RANK[local.status] > RANK[stored.status]) return local;
  return stored.lastSeen === null ? { ...stored, lastSeen: local.lastSeen } : stored;
}

function localState({ users }: PresenceReaderOptions, userId: string): PresenceState {
  const status = users.statusOf(userId);
  const user = users.get(userId);
  if (user === undefined) return { userId, status, lastSeen: null };
  const seenMsAgo = status === "offline" ? performance.now() - user.leftAt : 0;
  return { userId, status, lastSeen: new Date(Date.now() - seenMsAgo).toISOString() };
}
