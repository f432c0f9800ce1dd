/** Somebody looks at something. */
export interface View {
  userId: string;
  /** What the user has open on a screen: the id of a chat. */
  place: string;
}

/** With a hash tag: all keys of presence are on one node of a Redis cluster. */
export const PREFIX = "parley:{presence}";
/** How long a node's word about its users stands. */
export const LEASE_MS = 12_000;
/** How many views go into one call: it bounds the time for which a call keeps Redis from everything else. */
export const ENTRIES_AT_ONCE = 500;

/** A view as it stands in Redis; ids have no control characters. */
export function entryOf({ userId, place }: View): string {
  return `${userId}\u0000${place}`;
}
